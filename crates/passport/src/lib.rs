//! Item records that anyone can verify.
