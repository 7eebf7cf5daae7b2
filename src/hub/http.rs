//! Asking servers: encrypted unless it is this computer itself, with a limit to every wait.

use std::net::Ipv4Addr;
use std::time::Duration;

use ureq::Agent;
use ureq::Body;
use ureq::http::header::{AUTHORIZATION, LOCATION, RANGE};
use ureq::http::uri::Uri;
use ureq::http::{Response, StatusCode};
use url::Url;

use super::HubError;

/// How often a server may send elsewhere.
const MAX_REDIRECTS: usize = 8;
/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(15);
/// Longest wait for the next bytes; also how long it may take until a download hears that it shall stop.
pub(super) const READ: Duration = Duration::from_secs(10);

/// Asks servers, through a proxy if the environment names one.
#[derive(Debug, Clone)]
pub(super) struct Client {
    agent: Agent,
    /// For this computer itself, which no proxy could reach.
    local: Agent,
}

/// What to ask for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HttpRequest<'a> {
    /// Where.
    pub(super) url: &'a str,
    /// The user's token; sent to the server of [`Self::url`] alone, not to those it redirects to.
    pub(super) token: Option<&'a str>,
    /// Bytes to leave out at the beginning; 0 asks for all.
    pub(super) skip: u64,
}

impl Client {
    pub(super) fn new() -> Self {
        let config = || {
            Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0) // each of them is looked at below
                .timeout_resolve(Some(CONNECT))
                .timeout_connect(Some(CONNECT))
                .timeout_per_read(Some(READ))
                .user_agent(concat!("hareru/", env!("CARGO_PKG_VERSION")))
        };
        Self {
            agent: config().build().into(),
            local: config().proxy(None).build().into(),
        }
    }

    /// Asks, and goes where the server sends. The answer may have any status but a redirection.
    ///
    /// # Errors
    /// If the address is none or not encrypted, if nobody answers, or if there is no end of redirections.
    pub(super) fn get(&self, ask: HttpRequest<'_>) -> Result<Response<Body>, HubError> {
        let first = parse(ask.url)?;
        let mut uri = first.clone();
        for _ in 0..=MAX_REDIRECTS {
            check_encrypted(&uri)?;
            let is_local = uri.host().is_some_and(is_this_computer);
            let agent = if is_local { &self.local } else { &self.agent };
            let mut request = agent.get(&uri);
            if let Some(token) = ask.token
                && uri.authority() == first.authority()
                && uri.scheme() == first.scheme()
            {
                request = request.header(AUTHORIZATION, format!("Bearer {token}"));
            }
            if ask.skip > 0 {
                request = request.header(RANGE, format!("bytes={}-", ask.skip));
            }
            let response = request.call().map_err(|source| HubError::Offline {
                host: host(&uri),
                source: Box::new(source),
            })?;
            let Some(next) = redirection(&uri, &response)? else {
                return Ok(response);
            };
            uri = next;
        }
        Err(HubError::Redirects {
            host: host(&first),
            limit: MAX_REDIRECTS,
        })
    }
}

/// What a status other than success means for `what`.
pub(super) fn refusal(status: StatusCode, what: &str, has_token: bool) -> HubError {
    let what = what.to_owned();
    match status.as_u16() {
        code @ (401 | 403) => HubError::Refused {
            what,
            found: if has_token { "a token that may not" } else { "no token" },
            code,
        },
        404 => HubError::NotFound { what },
        code => HubError::Status { what, code },
    }
}

/// The server's name for people.
pub(super) fn host_of(url: &str) -> String {
    parse(url).map_or_else(|_| url.to_owned(), |uri| host(&uri))
}

fn host(uri: &Uri) -> String {
    uri.authority().map(ToString::to_string).unwrap_or_default()
}

fn parse(url: &str) -> Result<Uri, HubError> {
    let bad = || HubError::BadUrl { found: url.to_owned() };
    let uri: Uri = url.trim().parse().map_err(|_invalid| bad())?;
    let is_whole =
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty());
    if is_whole { Ok(uri) } else { Err(bad()) }
}

fn check_encrypted(uri: &Uri) -> Result<(), HubError> {
    if uri.scheme_str() == Some("https") || uri.host().is_some_and(is_this_computer) {
        return Ok(());
    }
    Err(HubError::Insecure { host: host(uri) })
}

fn is_this_computer(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host == "::1" || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// Where the server sends to; `None` if it answers.
fn redirection(from: &Uri, response: &Response<Body>) -> Result<Option<Uri>, HubError> {
    if !response.status().is_redirection() || response.status() == StatusCode::NOT_MODIFIED {
        return Ok(None);
    }
    let answer = |reason: &str| HubError::Answer {
        host: host(from),
        reason: reason.to_owned(),
    };
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let location = location.ok_or_else(|| answer("it sends elsewhere and does not say where"))?;
    let next = Url::parse(&from.to_string()).and_then(|url| url.join(location));
    let next = next.map_err(|_invalid| answer("its redirect has an invalid address"))?;
    parse(next.as_str()).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_computer_should_be_asked_without_encryption() {
        for url in [
            "http://127.0.0.1:8080/a",
            "http://localhost/a",
            "http://[::1]:9/a",
            "https://example.org/a",
        ] {
            assert!(check_encrypted(&parse(url).unwrap()).is_ok(), "{url}");
        }
        for url in [
            "http://example.org/a",
            "http://127.0.0.1.example.org/",
            "http://10.0.0.1/",
        ] {
            let error = check_encrypted(&parse(url).unwrap()).unwrap_err();
            assert!(matches!(error, HubError::Insecure { .. }), "{url}: {error}");
        }
    }

    #[test]
    fn what_is_no_address_should_be_refused() {
        for url in [
            "",
            "example.org/a.png",
            "file:///etc/passwd",
            "ftp://a/b",
            "https://",
            "a b",
        ] {
            assert!(matches!(parse(url), Err(HubError::BadUrl { .. })), "{url:?}");
        }
    }
}
