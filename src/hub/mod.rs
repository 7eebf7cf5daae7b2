//! Models in and on disk. To come; [`crate::weights`] reads what is on disk already.
