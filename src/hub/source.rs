//! The server that models are fetched from, and the user's token for it.

use std::path::PathBuf;

use hf_hub::Cache;
use serde::Deserialize;

use super::HubError;
use super::http::{Client, HttpRequest, host_of, refusal};
use super::repo::{RepoRef, is_safe_path};
use crate::config::keep_out_of_logs;

/// The hub unless `HF_ENDPOINT` says otherwise.
const ENDPOINT: &str = "https://huggingface.co";
/// Largest list of files that is read, in bytes.
const MAX_INFO_BYTES: u64 = 32 << 20;

/// A hub and what is known of the user there. The names of its addresses and of its cache are those of hf-hub.
#[derive(Debug, Clone)]
pub struct HubSource {
    /// Begins with `https://`; no slash at its end.
    pub endpoint: String,
    /// Sent to the endpoint alone.
    pub token: Option<String>,
    /// Folder in which other programs keep what they have fetched; what is there is copied from there.
    pub cache: Option<PathBuf>,
}

impl HubSource {
    /// As `HF_ENDPOINT`, `HF_HOME`, `HF_TOKEN` and the file `token` in `HF_HOME` say.
    pub fn of_user() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let has_home = variable("HF_HOME").is_some() || std::env::home_dir().is_some();
        let cache = has_home.then(Cache::from_env); // panics without a home
        let token = variable("HF_TOKEN").or_else(|| cache.as_ref()?.token());
        if let Some(token) = &token {
            keep_out_of_logs(token);
        }
        let endpoint = variable("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.to_owned());
        Self {
            endpoint: endpoint.trim().trim_end_matches('/').to_owned(),
            token: token.map(|token| token.trim().to_owned()),
            cache: cache.map(|cache| cache.path().clone()),
        }
    }

    /// The files of a repository.
    ///
    /// # Errors
    /// If nobody answers, if the repository is not there or not given, or if the answer makes no sense.
    pub(super) fn files(&self, client: &Client, what: &RepoRef) -> Result<RepoFiles, HubError> {
        let url = format!(
            "{}/api/{}?blobs=true",
            self.endpoint,
            what.repo_at(what.revision()).api_url()
        );
        let text = self.text(client, &url, &format!("repository {}", named(what)), MAX_INFO_BYTES)?;
        let answer = |reason: String| HubError::Answer {
            host: host_of(&self.endpoint),
            reason,
        };
        let info: Info = serde_json::from_slice(&text).map_err(|error| answer(error.to_string()))?;
        let is_commit = !info.sha.is_empty() && info.sha.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_commit {
            return Err(answer(format!("expected a commit, found {:?}", info.sha)));
        }
        let files = info.siblings.into_iter().filter(|file| is_safe_path(&file.rfilename));
        let files = files
            .map(|file| {
                let lfs = file.lfs.unwrap_or_default();
                let bytes = lfs.size.or(file.size);
                let bytes = bytes.ok_or_else(|| answer(format!("{} has no size", file.rfilename)))?;
                Ok(RemoteFile {
                    path: file.rfilename,
                    bytes,
                    sha256: lfs.sha256.map(|hash| hash.to_lowercase()),
                })
            })
            .collect::<Result<_, HubError>>()?;
        Ok(RepoFiles {
            commit: info.sha,
            files,
        })
    }

    /// A small file of a repository.
    ///
    /// # Errors
    /// As [`Self::files`].
    pub(super) fn small_file(
        &self,
        client: &Client,
        (what, commit): (&RepoRef, &str),
        path: &str,
    ) -> Result<Vec<u8>, HubError> {
        let url = self.file_url(what, commit, path);
        self.text(client, &url, &format!("file {path} in {}", named(what)), MAX_INFO_BYTES)
    }

    /// The address of a file as it is at a commit.
    pub(super) fn file_url(&self, what: &RepoRef, commit: &str, path: &str) -> String {
        let path: Vec<String> = path.split('/').map(percent_encoded).collect();
        let repo = what.repo_at(commit);
        format!(
            "{}/{}/resolve/{}/{}",
            self.endpoint,
            repo.url(),
            repo.url_revision(),
            path.join("/")
        )
    }

    /// Where other programs would have kept a file.
    pub(super) fn cached(&self, what: &RepoRef, file: &RemoteFile) -> Option<PathBuf> {
        let cache = Cache::new(self.cache.clone()?);
        let path = cache
            .repo(what.repo_at(what.revision()))
            .blob_path(file.sha256.as_deref()?);
        let is_whole = std::fs::metadata(&path).is_ok_and(|metadata| metadata.len() == file.bytes);
        is_whole.then_some(path)
    }

    fn text(&self, client: &Client, url: &str, what: &str, limit: u64) -> Result<Vec<u8>, HubError> {
        let mut response = client.get(HttpRequest {
            url,
            token: self.token.as_deref(),
            skip: 0,
        })?;
        if !response.status().is_success() {
            return Err(refusal(response.status(), what, self.token.is_some()));
        }
        let body = response.body_mut().with_config().limit(limit);
        body.read_to_vec().map_err(|error| HubError::Answer {
            host: host_of(url),
            reason: error.to_string(),
        })
    }
}

/// A repository's name for people, with its revision.
pub(super) fn named(what: &RepoRef) -> String {
    let whole = RepoRef {
        file: None,
        ..what.clone()
    };
    whole.to_string()
}

fn percent_encoded(part: &str) -> String {
    part.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// The files of a repository at one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RepoFiles {
    pub(super) commit: String,
    pub(super) files: Vec<RemoteFile>,
}

/// A file of a repository.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct RemoteFile {
    /// Its path there, with slashes.
    pub(super) path: String,
    /// Its length.
    pub(super) bytes: u64,
    /// Its checksum in hexadecimal; the hub gives none for small files.
    pub(super) sha256: Option<String>,
}

#[derive(Deserialize)]
struct Info {
    sha: String,
    #[serde(default)]
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
    lfs: Option<Lfs>,
}

#[derive(Deserialize, Default)]
struct Lfs {
    sha256: Option<String>,
    size: Option<u64>,
}
