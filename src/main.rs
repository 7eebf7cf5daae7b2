//! The program: the command line, or the window if it names no command.

use std::process::ExitCode;

fn main() -> ExitCode {
    hareru::cli::run(|settings, warning, gallery_dir| {
        hareru::ui::run(settings, warning.as_ref(), gallery_dir).map_err(Into::into)
    })
}
