//! The public log: published vectors, and everything compared with the definitions written out naively.
mod notes;
mod tiles;
mod trees;
mod witnesses;
