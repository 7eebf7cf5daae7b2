//! Records in files: user metadata beside pictures, records of other programs, kinds of files, names.

mod dialects;
mod files;
mod foreign;
mod graphs;
mod marks;
mod names;
mod pictures;
