//! Records in files: marks beside pictures, records of other programs, kinds of files, names.

mod marks;
