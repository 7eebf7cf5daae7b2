//! What people write into prompts: emphasis, schedules, alternation, `BREAK`, `AND`, networks, choices and comments, read
//! as A1111 reads them. Plain data with byte spans; no tensors, no files.
//!
//! ```text
//!  text with choices ─ draw ─▶ text
//!  text ─ parse ─▶ Parsed: tokens and groups ─ at a step ─▶ PromptPart …: fragments of text with weights ─ print ─▶ text
//! ```
//!
//! Tokens tile the text without a gap, and groups refer to tokens by index: nothing is nested, so no depth of brackets
//! costs stack, and every pass is linear in the length of the text.
//!
//! Source: `modules/prompt_parser.py` of <https://github.com/AUTOMATIC1111/stable-diffusion-webui>

mod draw;
mod network;
mod parse;
mod print;
mod reading;
mod syntax;
mod token;
mod word;

pub use draw::draw;
pub use network::{NetworkTag, networks};
pub use parse::{Group, GroupKind, Parsed, Role, When, parse};
pub use print::print;
pub use reading::{Fragment, Moment, PromptPart};
pub use syntax::{Emphasis, PromptSyntax, PromptText, switches};
pub use token::{Bracket, PromptToken, TokenKind};
pub use word::{contains_word, word_len};

#[cfg(test)]
mod tests;
