//! Spreadsheets as people send them.
