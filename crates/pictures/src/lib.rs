//! Pictures: accepted, cleaned, resized.
