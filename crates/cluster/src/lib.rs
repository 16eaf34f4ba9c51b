//! A private PostgreSQL in a directory of its own.
