//! The layering rule of `src/lib.rs`, held.

mod imports;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Every room, lowest first, with the rooms it may import.
const ROOMS: &[(&str, &[&str])] = &[
    ("config", &[]),
    ("prompt", &[]),
    ("job", &["prompt"]),
    ("picture", &["config", "job"]),
    ("diffusion", &["job"]),
    ("kernels", &[]),
    ("models", &["kernels"]),
    ("formats", &["config"]),
    ("weights", &["formats", "models"]),
    ("hub", &["config", "formats", "job"]),
    ("gallery", &["config", "job", "picture", "prompt"]),
    (
        "conditioning",
        &["diffusion", "job", "models", "picture", "prompt", "weights"],
    ),
    (
        "pipelines",
        &[
            "conditioning",
            "diffusion",
            "formats",
            "job",
            "kernels",
            "models",
            "prompt",
            "weights",
        ],
    ),
    ("engine", &["config", "hub", "job", "kernels", "pipelines", "prompt"]),
    ("unfold", &["config", "job"]),
    ("render", &["job", "unfold"]),
    (
        "ui",
        &[
            "config", "engine", "gallery", "hub", "job", "prompt", "render", "unfold",
        ],
    ),
    (
        "cli",
        &["config", "engine", "gallery", "hub", "job", "prompt", "unfold"],
    ),
];

/// External crates that only these rooms may name.
const OWNERS: &[(&str, &[&str])] = &[
    (
        "candle_core",
        &[
            "diffusion",
            "kernels",
            "models",
            "weights",
            "conditioning",
            "pipelines",
            "engine",
        ],
    ),
    ("candle_nn", &["kernels", "models", "weights", "pipelines"]),
    ("clap", &["cli"]),
    ("egui", &["render", "ui"]),
    ("eframe", &["render", "ui"]),
    ("egui_plot", &["ui"]),
    ("egui_system_font_provider", &["unfold"]),
    ("epaint", &["unfold"]),
    ("hf_hub", &["hub"]),
    ("arboard", &["ui"]),
    ("moxcms", &["picture"]),
    ("notify", &["gallery"]),
    ("opener", &["ui"]),
    ("rfd", &["ui"]),
    ("safetensors", &["formats", "gallery"]),
    ("rusqlite", &["gallery"]),
    ("skrifa", &["unfold"]),
    ("trash", &["gallery", "hub"]),
    ("ureq", &["hub"]),
];

/// Names of public types that stand in several rooms, and why they may.
const SHARED_NAMES: &[(&str, &str)] = &[("Run", "one pass of the denoise loop, and a run as the window shows it")];

#[test]
fn a_public_name_should_mean_one_thing_in_the_whole_tree() {
    let mut rooms: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (room, _) in ROOMS {
        for file in rust_files(&source_dir().join(room)) {
            for name in public_types(&std::fs::read_to_string(&file).unwrap()) {
                rooms.entry(name.to_owned()).or_default().insert(room);
            }
        }
    }
    let doubles: Vec<String> = rooms
        .iter()
        .filter(|(name, rooms)| rooms.len() > 1 && !SHARED_NAMES.iter().any(|(shared, _)| shared == name))
        .map(|(name, rooms)| format!("{name}: {rooms:?}"))
        .collect();
    assert!(
        doubles.is_empty(),
        "types of one name in different rooms:\n{}",
        doubles.join("\n")
    );
}

#[test]
fn files_should_not_import_each_other() {
    let source = source_dir();
    let graph = imports::imports(&source, &rust_files(&source));
    assert!(
        graph.values().map(BTreeSet::len).sum::<usize>() > 500,
        "the imports were not found"
    );
    let mut found = Vec::new();
    for circle in imports::circles(&graph) {
        let names: Vec<String> = circle
            .iter()
            .map(|file| file.strip_prefix(&source).unwrap().to_string_lossy().replace('\\', "/"))
            .collect();
        found.push(format!("{names:?},"));
    }
    assert!(found.is_empty(), "files that import each other:\n{}", found.join("\n"));
}

#[test]
fn rooms_should_import_downwards_only() {
    let mut broken = Vec::new();
    for (room, allowed) in ROOMS {
        for file in rust_files(&source_dir().join(room)) {
            let code = without_comments(&std::fs::read_to_string(&file).unwrap());
            for import in path_heads(&code, "crate::") {
                let is_room = ROOMS.iter().any(|(other, _)| *other == import);
                if is_room && import != *room && !allowed.contains(&import) {
                    broken.push(format!("{}: {room} must not import {import}", file.display()));
                }
            }
            if code.contains("crate::{") {
                broken.push(format!(
                    "{}: one `use crate::room` for each room, not a group of rooms",
                    file.display()
                ));
            }
            for (owned, owners) in OWNERS {
                if names_crate(&code, owned) && !owners.contains(room) {
                    broken.push(format!("{}: {room} must not use {owned}", file.display()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn parts_of_the_window_should_import_downwards_only() {
    let window = source_dir().join("ui");
    let mut broken = Vec::new();
    for file in rust_files(&window) {
        let name = file.strip_prefix(&window).unwrap().to_string_lossy().replace('\\', "/");
        let parts: Vec<&str> = name.split('/').collect();
        let code = without_comments(&std::fs::read_to_string(&file).unwrap());
        let mut imports: Vec<String> = path_heads(&code, "crate::ui::").map(str::to_owned).collect();
        imports.extend(path_heads(&code, "crate::ui::pages::").map(|page| format!("pages/{page}")));
        for import in imports {
            let is_wrong = match (parts[0], import.split_once('/')) {
                ("widgets" | "commands", None) => import == "pages" || import == "chrome",
                ("model", None) => ["pages", "chrome", "commands", "widgets"].contains(&&*import),
                ("pages", Some((_, page))) => {
                    parts.len() > 2 && !page.is_empty() && page != parts[1] && window.join("pages").join(page).is_dir()
                }
                _ => false,
            };
            if is_wrong {
                broken.push(format!("ui/{name} must not import ui/{import}"));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn the_room_table_should_be_free_of_circles() {
    for (level, (room, allowed)) in ROOMS.iter().enumerate() {
        for import in *allowed {
            assert!(
                ROOMS[..level].iter().any(|(lower, _)| lower == import),
                "{room} may import {import}, which is not below it"
            );
        }
    }
}

#[test]
fn every_room_should_be_in_the_table_and_exist() {
    let lib = std::fs::read_to_string(source_dir().join("lib.rs")).unwrap();
    let mut declared: Vec<&str> = path_heads(&lib, "\npub mod ").collect();
    declared.sort_unstable();
    let mut expected: Vec<&str> = ROOMS.iter().map(|(room, _)| *room).collect();
    expected.sort_unstable();
    assert_eq!(declared, expected, "src/lib.rs and the table must name the same rooms");
}

#[test]
fn only_one_file_should_print() {
    let streams = ["stdout()", "stderr()", "println!", "eprintln!", " print!", " eprint!"];
    // The bar shows numbers and words of this program; the log has its own way to harmless lines.
    let allowed = ["cli/output.rs", "cli/progress.rs", "config/logging.rs"];
    let source = source_dir();
    for file in rust_files(&source) {
        let name = file.strip_prefix(&source).unwrap().to_string_lossy().replace('\\', "/");
        let code = without_comments(&std::fs::read_to_string(&file).unwrap());
        let found = streams.iter().find(|stream| code.contains(**stream));
        assert!(
            found.is_none() || allowed.contains(&&*name),
            "{name} prints by {found:?}"
        );
    }
}

#[test]
fn the_scanner_should_see_code_and_not_comments() {
    let code = without_comments(
        "use crate::job; // crate::ui\n/// [`crate::cli`]\nlet url = \"https://x\";\n/* crate::hub */",
    );
    assert_eq!(path_heads(&code, "crate::").collect::<Vec<_>>(), ["job"]);
    assert!(code.contains("let url"));
    assert!(names_crate("let x = egui::Id::NULL;", "egui"));
    assert!(!names_crate("use super::egui::X; my_egui::f(); egui_wgpu::Y", "egui"));
}

pub(crate) fn source_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// All Rust files below `folder`, in order.
pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The code with line comments, doc comments and block comments taken out. A `//` inside a string hides the rest of
/// its line, which at worst makes the rule blind to that line.
pub(crate) fn without_comments(code: &str) -> String {
    let mut kept = String::new();
    let mut rest = code;
    while let Some(start) = rest.find("/*") {
        kept.push_str(&rest[..start]);
        rest = rest[start..].find("*/").map_or("", |end| &rest[start + end + 2..]);
    }
    kept.push_str(rest);
    kept.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Names of the types that a file declares as public, outside of its tests.
fn public_types(code: &str) -> impl Iterator<Item = &str> {
    let code = code.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines().filter_map(|line| {
        let declared = line.strip_prefix("pub ")?;
        let kinds = ["struct ", "enum ", "trait ", "type ", "union "];
        let name = kinds.iter().find_map(|kind| declared.strip_prefix(kind))?;
        name.split(|c: char| !c.is_alphanumeric() && c != '_').next()
    })
}

/// The identifier after each `prefix`: `crate::job::JobId` gives `job`.
fn path_heads<'a>(code: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    code.split(prefix).skip(1).map(|rest| {
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        &rest[..end]
    })
}

/// Whether `name::` stands at the head of a path, not inside one or at the end of a longer word.
fn names_crate(code: &str, name: &str) -> bool {
    code.match_indices(&format!("{name}::")).any(|(at, _)| {
        !code[..at]
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    })
}
