//! Keeps tokens and passwords out of what is logged, whoever logs it: the libraries that speak with servers among them.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use regex::{Captures, Regex};

/// What stands where a secret was.
const MARK: &str = "[redacted]";
/// Fewest bytes of a secret that is looked for word by word; shorter ones are words of other texts.
const MIN_SECRET_BYTES: usize = 6;

/// Secrets of the user, as they are.
static SECRETS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Patterns of secrets, each with a group `keep` of what stays of it.
static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    /// Sequences by which a terminal is told a colour may stand between a name and its value.
    const COLOURS: &str = r"(?:\x1b\[[0-9;]*m)*";
    const NAMES: &str = r"[\w-]*(?:token|secret|passw(?:or)?d|passphrase|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|signature)";
    /// In quotes, also within `Some(…)` and the like; else up to what ends a value.
    const VALUE: &str = r#"(?:\w+\()*(?:\\?"(?:[^"\\]|\\[^"])*|'[^']*|[^\s,;&"'<>(){}\[\]\\]+)"#;
    [
        // https://user:pass@host, then the same without a scheme, as a proxy may be written.
        r"(?i)(?P<keep>\b[a-z][a-z0-9+.-]*://)[^\s/?#]*@".to_owned(),
        r#"(?P<keep>)[^\s:/@"'<>=(\[]+:[^\s/@"'<>]+@"#.to_owned(),
        // What an address asks for: signatures, keys, names.
        r#"(?i)(?P<keep>\b[a-z][a-z0-9+.-]*://[^\s"'<>?]*\?)[^\s"'<>]+"#.to_owned(),
        // Headers, to the end of their line.
        format!(r#"(?i)(?P<keep>\b(?:proxy-)?(?:authorization|cookie|set-cookie)\\?["']?{COLOURS}\s*[:=]{COLOURS}\s*)[^\r\n]+"#),
        r"(?i)(?P<keep>\b(?:bearer|basic|digest)\s+)[A-Za-z0-9._~+/=-]{6,}".to_owned(),
        format!(r#"(?i)(?P<keep>\b{NAMES}\\?["']?{COLOURS}\s*[:=]{COLOURS}\s*){VALUE}"#),
        // Tokens that say themselves what they are.
        r"(?P<keep>)\b(?:(?:hf|ghp|gho|ghs|github_pat|glpat|xox[abp])[_-][\w-]{6,}|sk-[\w-]{16,}|eyJ[\w-]{8,}\.[\w.-]+)"
            .to_owned(),
    ]
    .iter()
    .filter_map(|pattern| Regex::new(pattern).ok()) // a test holds that all of them are patterns
    .collect()
});

/// Keeps a secret of the user out of everything that is logged from now on, wherever it stands.
pub fn keep_out_of_logs(secret: &str) {
    let secret = secret.trim();
    let mut secrets = secrets();
    if secret.len() >= MIN_SECRET_BYTES && !secrets.iter().any(|known| known == secret) {
        secrets.push(secret.to_owned());
    }
}

fn secrets() -> MutexGuard<'static, Vec<String>> {
    SECRETS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A text without the secrets in it.
fn redacted(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for secret in secrets()
        .iter()
        .filter(|secret| text.contains(&***secret))
        .cloned()
        .collect::<Vec<_>>()
    {
        text = Cow::Owned(text.replace(&secret, MARK));
    }
    for pattern in PATTERNS.iter() {
        let found = pattern.replace_all(&text, |found: &Captures<'_>| format!("{}{MARK}", &found["keep"]));
        if let Cow::Owned(found) = found {
            text = Cow::Owned(found);
        }
    }
    text
}

/// Writes texts, each whole in one call, without the secrets in them.
#[derive(Debug)]
pub(super) struct Redacted<W>(pub(super) W);

impl<W: Write> Write for Redacted<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let words = String::from_utf8_lossy(text);
        self.0.write_all(redacted(&words).as_bytes())?;
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_should_be_one() {
        assert_eq!(PATTERNS.len(), 7);
        assert!(
            PATTERNS
                .iter()
                .all(|pattern| pattern.capture_names().flatten().eq(["keep"]))
        );
    }

    #[test]
    fn no_secret_should_be_left_wherever_it_stands() {
        for text in [
            // Addresses.
            "https://user:S3CRETpass@hub.example/models",
            "https://S3CRETpass@hub.example/",
            "http://user:p@ss:S3CRET@proxy.example:8080",
            "socks5://user:S3CRET@[::1]:1080 cannot be reached",
            "proxy user:S3CRETpass@proxy.example:3128",
            "user:S3CRETpass@localhost",
            "GET https://cdn.example/a.safetensors?X-Amz-Signature=S3CRET&X-Amz-Date=1",
            "url=\"https://hub.example/a?token=S3CRET\"",
            "https://hub.example/a?whatever-it-is-called=S3CRET",
            "/api/models?token=S3CRET&a=1",
            // Headers, as they are sent and as they are shown.
            "Authorization: Bearer S3CRETtoken",
            "authorization: Digest username=\"a\", response=\"S3CRET\"",
            "GET / HTTP/1.1\\r\\nauthorization: Bearer S3CRETtoken\\r\\nhost: a\\r\\n",
            "headers: {\"authorization\": \"Bearer S3CRETtoken\", \"range\": \"bytes=0-\"}",
            "Proxy-Authorization: Basic UzNDUkVUOlMzQ1JFVA==S3CRET",
            "Set-Cookie: session=S3CRET; Path=/",
            "sent Bearer S3CRETtoken to the hub",
            // Names with values.
            "token=S3CRET",
            "HF_TOKEN=S3CRET",
            "token: S3CRET, host: a",
            "{\"token\":\"S3CRET with a space\"}",
            "{\\\"token\\\":\\\"S3CRET\\\"}",
            "HubSource { endpoint: \"a\", token: Some(\"S3CRET\"), cache: None }",
            "password='S3CRET more' user=me",
            "api_key: S3CRET",
            "X-Api-Key: S3CRET",
            "client-secret=S3CRET",
            "\x1b[3mtoken\x1b[0m\x1b[2m=\x1b[0mS3CRET",
            "\x1b[3mauthorization\x1b[0m\x1b[2m=\x1b[0m\"Bearer S3CRET\"",
            // An error with its causes.
            "the hub cannot be reached: io: connection refused: https://user:S3CRET@hub.example: (os error 111)",
            "line one\nAuthorization: Bearer S3CRETtoken\nline three",
        ] {
            let found = redacted(text);
            assert!(!found.contains("S3CRET"), "{text:?} became {found:?}");
            assert!(found.contains(MARK), "{text:?} became {found:?}");
        }
        for token in [
            "hf_abcdefGHIJKL123456",
            "ghp_0123456789abcdef0123",
            "github_pat_11ABCDEFG0_abcdef",
            "glpat-abcdefghij0123456789",
            "sk-proj-abcdefghij0123456789",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        ] {
            assert_eq!(redacted(&format!("found {token} there")), format!("found {MARK} there"));
        }
    }

    #[test]
    fn all_else_should_stay_as_it_is() {
        for text in [
            "2026-12-01T06:15:33.123456Z  WARN hareru::hub: someone/tiny@main: the disk is full",
            "https://huggingface.co/someone/tiny/resolve/main/unet/model.safetensors",
            "https://[::1]:8080/a",
            "step 12:prompt=a dog",
            "77 tokens, tokenizer: merges.txt, secretary: me",
            "C:\\Users\\me\\Pictures\\a.png",
            "a picture of a basic cat, bearer of news: \"hello\"",
            "sizes 512x512@2, 3:4",
            "masked-skiing-in-the-alps.png",
        ] {
            assert_eq!(redacted(text), text);
        }
    }

    #[test]
    fn a_known_secret_should_be_found_in_any_text() {
        keep_out_of_logs(" wholly-unlike-a-t0ken ");
        keep_out_of_logs("short");
        let mut log = Redacted(Vec::new());
        writeln!(log, "%77wholly-unlike-a-t0ken%77 in short").unwrap();
        assert_eq!(log.0, format!("%77{MARK}%77 in short\n").into_bytes());
    }
}
