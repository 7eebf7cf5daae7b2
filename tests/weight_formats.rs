//! Weight files, sound and broken.
