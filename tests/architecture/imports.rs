//! Which file of `src` imports from which, read from its text: `use` declarations and paths that begin with `crate::`,
//! `super::` or `self::`, followed through re-exports to the file that has what they name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Re-exports that are followed one after the other.
const MAX_HOPS: usize = 8;

/// The path of a module from the root of the crate, e.g. `["gallery", "index"]`.
type ModulePath = Vec<String>;

struct Module {
    file: PathBuf,
    /// What the file calls by a name of its own: the last part of each import, or what it is renamed to.
    names: BTreeMap<String, ModulePath>,
    /// Everything that the file names, from the root of the crate.
    paths: Vec<ModulePath>,
}

/// Every file below `source` with the files from which it imports. A module and those inside it are no import of each
/// other.
pub(super) fn imports(source: &Path, files: &[PathBuf]) -> BTreeMap<PathBuf, BTreeSet<PathBuf>> {
    let modules: BTreeMap<ModulePath, Module> = files.iter().map(|file| module(source, file)).collect();
    let mut graph = BTreeMap::new();
    for (from, module) in &modules {
        let mut targets = BTreeSet::new();
        for path in &module.paths {
            if let Some(to) = home(&modules, path, MAX_HOPS)
                && !from.starts_with(&to)
                && !to.starts_with(from)
            {
                targets.insert(modules[&to].file.clone());
            }
        }
        graph.insert(module.file.clone(), targets);
    }
    graph
}

/// Groups of files each of which reaches all others of its group by imports.
pub(super) fn circles(graph: &BTreeMap<PathBuf, BTreeSet<PathBuf>>) -> BTreeSet<BTreeSet<PathBuf>> {
    let reached = |start: &PathBuf| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![start]);
        while let Some(file) = open.pop() {
            open.extend(
                graph
                    .get(file)
                    .into_iter()
                    .flatten()
                    .filter(|next| seen.insert((*next).clone())),
            );
        }
        seen
    };
    let reach: BTreeMap<&PathBuf, BTreeSet<PathBuf>> = graph.keys().map(|file| (file, reached(file))).collect();
    let in_circle = graph.keys().filter(|file| reach[file].contains(*file));
    in_circle
        .map(|file| {
            reach[file]
                .iter()
                .filter(|other| reach[other].contains(file))
                .cloned()
                .collect()
        })
        .collect()
}

fn module(source: &Path, file: &Path) -> (ModulePath, Module) {
    let relative = file.strip_prefix(source).unwrap().with_extension("");
    let mut path: ModulePath = relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if matches!(path.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        path.pop();
    }
    let code = super::without_comments(&std::fs::read_to_string(file).unwrap());
    let code = code.split("#[cfg(test)]").next().unwrap_or_default();
    let (mut names, mut paths) = (BTreeMap::new(), Vec::new());
    let mut rest = String::new();
    for (number, piece) in code.split("use ").enumerate() {
        let is_use = number > 0
            && rest
                .trim_end_matches(|c: char| c != '\n')
                .trim_end_matches(visibility)
                .ends_with('\n');
        match piece.split_once(';').filter(|_| is_use) {
            Some((tree, after)) => {
                for (name, named) in expanded(tree) {
                    let named = absolute(&path, &named);
                    names.insert(name, named.clone());
                    paths.push(named);
                }
                rest.push_str(after);
            }
            None => rest.push_str(piece),
        }
    }
    paths.extend(inline_paths(&rest).map(|named| absolute(&path, &named)));
    let file = file.to_owned();
    (path, Module { file, names, paths })
}

/// Whether a character may stand between the start of a line and `use`.
fn visibility(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '(' | ')' | ':' | '_' | ' ')
}

/// `a::{b, c::d as e}` as `b` for `a::b` and `e` for `a::c::d`.
fn expanded(tree: &str) -> Vec<(String, Vec<String>)> {
    let tree = tree.trim();
    if let Some((head, group)) = tree.split_once('{') {
        let head: Vec<String> = head
            .split("::")
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        let group = group.rsplit_once('}').map_or(group, |(inside, _)| inside);
        return at_top_level(group)
            .into_iter()
            .flat_map(expanded)
            .map(|(name, tail)| {
                (
                    name,
                    head.iter().cloned().chain(tail).filter(|part| part != "self").collect(),
                )
            })
            .collect();
    }
    let (path, name) = tree.split_once(" as ").unwrap_or((tree, tree));
    let path: Vec<String> = path.split("::").map(|part| part.trim().to_owned()).collect();
    let name = name.rsplit("::").next().unwrap_or_default().trim().to_owned();
    if path.iter().any(String::is_empty) {
        Vec::new()
    } else {
        vec![(name, path)]
    }
}

/// What stands between the commas that are in no braces.
fn at_top_level(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&group[start..]);
    parts
}

fn inline_paths(code: &str) -> impl Iterator<Item = Vec<String>> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    code.split(move |c| !is_part(c))
        .filter(|path| ["crate::", "super::"].iter().any(|head| path.starts_with(head)))
        .map(|path| {
            path.split("::")
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        })
}

/// A path as seen from a module, from the root of the crate; one of another crate stays as it is.
fn absolute(module: &[String], path: &[String]) -> ModulePath {
    let mut at: ModulePath = Vec::new();
    for (place, part) in path.iter().enumerate() {
        match part.as_str() {
            "crate" if place == 0 => {}
            "self" if place == 0 => at = module.to_vec(),
            "super" if place == 0 => at = module[..module.len().saturating_sub(1)].to_vec(),
            "super" => drop(at.pop()),
            name if place == 0 => at = [module, &[name.to_owned()]].concat(),
            name => at.push(name.to_owned()),
        }
    }
    at
}

/// The module that has what a path names.
fn home(modules: &BTreeMap<ModulePath, Module>, path: &[String], hops: usize) -> Option<ModulePath> {
    let length = (1..=path.len())
        .rev()
        .find(|length| modules.contains_key(&path[..*length]))?;
    let (at, rest) = path.split_at(length);
    let named = rest.first().and_then(|name| modules[at].names.get(name));
    match named.filter(|_| hops > 0) {
        Some(other) => home(modules, &[other, &rest[1..]].concat(), hops - 1).or_else(|| Some(at.to_vec())),
        None => Some(at.to_vec()),
    }
}

#[test]
fn imports_should_be_expanded() {
    let names = |tree: &str| -> Vec<String> {
        let named = expanded(tree).into_iter();
        named
            .map(|(name, path)| format!("{name}={}", path.join("::")))
            .collect()
    };
    assert_eq!(names("super::a::B"), ["B=super::a::B"]);
    assert_eq!(
        names("super::{a, b::{self, C as D}}"),
        ["a=super::a", "self=super::b", "D=super::b::C"]
    );
    let module = ["gallery".to_owned(), "store".to_owned()];
    let path = |text: &str| absolute(&module, &text.split("::").map(str::to_owned).collect::<Vec<_>>()).join("::");
    assert_eq!(path("super::trash::Trash"), "gallery::trash::Trash");
    assert_eq!(path("crate::job::Record"), "job::Record");
}

#[test]
fn a_circle_should_be_found_through_a_re_export() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("room/mod.rs", "mod a;\nmod b;\nmod c;\npub use b::B;\n"),
        ("room/a.rs", "use super::B;\npub struct A;\n"),
        ("room/b.rs", "pub struct B(super::a::A);\n"),
        ("room/c.rs", "use super::B;\n"),
    ];
    let files = files.map(|(name, text)| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    });
    let found = circles(&imports(folder.path(), &files));
    assert_eq!(
        found,
        BTreeSet::from([BTreeSet::from([files[1].clone(), files[2].clone()])])
    );
}
