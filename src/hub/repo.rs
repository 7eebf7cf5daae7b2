//! Names of what the hub has.

use std::fmt;
use std::str::FromStr;

use hf_hub::{Repo, RepoType};

use super::HubError;

/// The revision that is meant if none is said.
const MAIN: &str = "main";

/// A repository of the hub, or one file of it: `owner/name`, `owner/name/file`, each with `@revision` at its end if
/// another one than `main` is meant; or the address of either as a browser shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepoRef {
    /// `owner/name`.
    pub id: String,
    /// A branch, a tag or a commit; `None` for `main`.
    pub revision: Option<String>,
    /// Path of one file in it; `None` for all that a model needs.
    pub file: Option<String>,
}

impl RepoRef {
    /// The revision that is asked for.
    pub fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or(MAIN)
    }

    /// The part of its name after the owner.
    pub fn name(&self) -> &str {
        self.id.split_once('/').map_or(&*self.id, |(_, name)| name)
    }

    /// A name for a file or folder that no other repository, file or revision has.
    pub fn slug(&self) -> String {
        let plain = |text: &str| text.replace('/', "--");
        let mut slug = plain(&self.id);
        for (mark, part) in [("@", &self.revision), ("--", &self.file)] {
            if let Some(part) = part {
                slug.push_str(mark);
                slug.push_str(&plain(part));
            }
        }
        slug
    }

    /// The same in the words of hf-hub, at a revision.
    pub(super) fn repo_at(&self, revision: &str) -> Repo {
        Repo::with_revision(self.id.clone(), RepoType::Model, revision.to_owned())
    }
}

impl FromStr for RepoRef {
    type Err = HubError;

    fn from_str(text: &str) -> Result<Self, HubError> {
        let bad = || HubError::BadId { found: text.to_owned() };
        let trimmed = text.trim();
        let (path, revision) = match trimmed.split_once("://") {
            Some((_, address)) => {
                let address = address.split(['?', '#']).next().unwrap_or_default();
                let (_, path) = address.split_once('/').ok_or_else(bad)?;
                (path, None)
            }
            None => match trimmed.rsplit_once('@') {
                Some((path, revision)) => (path, Some(revision.to_owned())),
                None => (trimmed, None),
            },
        };
        let mut parts = path.trim_end_matches('/').split('/');
        let (Some(owner), Some(name)) = (parts.next(), parts.next()) else {
            return Err(bad());
        };
        let mut rest: Vec<&str> = parts.collect();
        let mut revision = revision;
        // As in the address of a page: owner/name/blob/main/file
        if trimmed.contains("://") && ["blob", "resolve", "tree"].contains(rest.first().unwrap_or(&"")) {
            revision = rest
                .get(1)
                .map(|revision| (*revision).to_owned())
                .filter(|revision| revision != MAIN);
            rest = rest.get(2..).unwrap_or_default().to_vec();
        }
        let is_name = |part: &str| {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            !part.is_empty() && !part.starts_with('.') && !part.contains("..") && part.chars().all(is_plain)
        };
        let is_revision = |revision: &String| revision.split('/').all(is_name);
        let is_good = is_name(owner)
            && is_name(name)
            && revision.as_ref().is_none_or(is_revision)
            && rest.iter().all(|part| is_safe_part(part));
        if !is_good {
            return Err(bad());
        }
        Ok(Self {
            id: format!("{owner}/{name}"),
            revision,
            file: (!rest.is_empty()).then(|| rest.join("/")),
        })
    }
}

/// Whether a path of a repository stays inside the folder that it is written to, on every system.
pub(super) fn is_safe_path(path: &str) -> bool {
    path.split('/').all(is_safe_part)
}

fn is_safe_part(part: &str) -> bool {
    let is_allowed = |c: char| !c.is_control() && !"\\:*?\"<>|@".contains(c);
    !part.is_empty() && part != "." && part != ".." && part.len() < 200 && part.chars().all(is_allowed)
}

impl fmt::Display for RepoRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)?;
        if let Some(file) = &self.file {
            write!(f, "/{file}")?;
        }
        if let Some(revision) = &self.revision {
            write!(f, "@{revision}")?;
        }
        Ok(())
    }
}

impl TryFrom<String> for RepoRef {
    type Error = HubError;

    fn try_from(text: String) -> Result<Self, HubError> {
        text.parse()
    }
}

impl From<RepoRef> for String {
    fn from(what: RepoRef) -> Self {
        what.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_a_revision_and_a_file_should_be_told_apart() {
        for (text, id, revision, file) in [
            ("a/b", "a/b", None, None),
            (" a/b-1.5_x ", "a/b-1.5_x", None, None),
            ("a/b@v2", "a/b", Some("v2"), None),
            ("a/b@refs/pr/3", "a/b", Some("refs/pr/3"), None),
            ("a/b/c/d e.safetensors@v2", "a/b", Some("v2"), Some("c/d e.safetensors")),
            ("https://huggingface.co/a/b", "a/b", None, None),
            ("https://huggingface.co/a/b/tree/fp16", "a/b", Some("fp16"), None),
            (
                "https://huggingface.co/a/b/blob/main/c.safetensors?download=true",
                "a/b",
                None,
                Some("c.safetensors"),
            ),
        ] {
            let found: RepoRef = text.parse().unwrap();
            assert_eq!(
                (&*found.id, found.revision.as_deref(), found.file.as_deref()),
                (id, revision, file),
                "{text}"
            );
            assert_eq!(found.to_string().parse::<RepoRef>().unwrap(), found);
        }
    }

    #[test]
    fn what_would_leave_the_folder_should_be_no_name() {
        for text in [
            "", "a", "/b", "a/", "../b", "a/..", "a/b/../c", "a/b@../c", "a b/c", "a/b@", "a/b/\\c", "a/b//c",
        ] {
            assert!(text.parse::<RepoRef>().is_err(), "{text:?}");
        }
    }
}
