//! Asking servers: encrypted unless it is this computer itself, with a limit to every wait.

use std::net::Ipv4Addr;
use std::time::Duration;

use ureq::config::{Config, ConfigBuilder};
use ureq::http::header::{AUTHORIZATION, LOCATION, RANGE};
use ureq::http::uri::{Authority, Uri};
use ureq::http::{Response, StatusCode};
use ureq::typestate::AgentScope;
use ureq::unversioned::resolver::Resolver as _;
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Body, Timeout};
use url::Url;

use super::HubError;
use super::public_only::{NotPublic, PublicOnly};

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
    /// For this computer itself, which no proxy could reach; `None` if it may not be asked.
    local: Option<Agent>,
    /// Whether nobody but servers of the public internet may be asked, as [`PublicOnly`] has it.
    is_public_only: bool,
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
    /// For servers that the user chose: this computer itself may be one of them.
    pub(super) fn new() -> Self {
        Self {
            agent: config().build().into(),
            local: Some(config().proxy(None).build().into()),
            is_public_only: false,
        }
    }

    /// For addresses that strangers wrote: encrypted, and on the public internet. A proxy finds the addresses of names
    /// itself, so what is looked up here is a second answer then; all else about it holds.
    pub(super) fn for_strangers() -> Self {
        Self {
            agent: Agent::with_parts(config().build(), DefaultConnector::default(), PublicOnly::default()),
            local: None,
            is_public_only: true,
        }
    }

    /// Asks, and goes where the server sends. The answer may have any status but a redirection.
    ///
    /// # Errors
    /// If the address is none, not encrypted or not to be asked, if nobody answers, or if there is no end of redirections.
    pub(super) fn get(&self, ask: HttpRequest<'_>) -> Result<Response<Body>, HubError> {
        let first = parse(ask.url)?;
        let mut uri = first.clone();
        for _ in 0..=MAX_REDIRECTS {
            let local = self.local(&first, &uri);
            check_encrypted(&uri, local.is_some())?;
            let agent = local.unwrap_or(&self.agent);
            if self.is_public_only {
                check_before_proxy(&uri, agent.config())?;
            }
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
            let response = request.call().map_err(|source| unreachable(&uri, source))?;
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

    /// Who asks this computer itself, if it may be asked: no other server may send here.
    fn local(&self, first: &Uri, uri: &Uri) -> Option<&Agent> {
        let is_local = is_this_computer(first) && is_this_computer(uri);
        self.local.as_ref().filter(|_| is_local)
    }
}

fn config() -> ConfigBuilder<AgentScope> {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0) // each of them is looked at by the client
        .timeout_resolve(Some(CONNECT))
        .timeout_connect(Some(CONNECT))
        .timeout_per_read(Some(READ))
        .user_agent(concat!("hareru/", env!("CARGO_PKG_VERSION")))
}

/// Where a proxy connects to is its own business, but what is seen from here to be inside is not asked of it.
fn check_before_proxy(uri: &Uri, config: &Config) -> Result<(), HubError> {
    let Some(proxy) = config.proxy().filter(|proxy| !proxy.is_no_proxy(uri)) else {
        return Ok(()); // looked at when it is connected to
    };
    let timeout = NextTimeout {
        after: CONNECT.into(),
        reason: Timeout::Resolve,
        ..NextTimeout::default()
    };
    match PublicOnly::default().resolve(uri, config, timeout) {
        _ if uri.host() == Some(proxy.host()) => Err(HubError::NotPublic {
            host: host(uri),
            address: "the proxy itself".to_owned(),
        }),
        Err(error @ ureq::Error::Other(_)) => Err(unreachable(uri, error)),
        _ => Ok(()), // names that only the proxy knows
    }
}

fn unreachable(uri: &Uri, source: ureq::Error) -> HubError {
    let host = host(uri);
    match &source {
        ureq::Error::Other(cause) if let Some(NotPublic { address }) = cause.downcast_ref() => HubError::NotPublic {
            host,
            address: address.to_string(),
        },
        _ => HubError::Offline {
            host,
            source: Box::new(source),
        },
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

/// Host and port; never the name and the password that may stand before them.
fn host(uri: &Uri) -> String {
    let authority = uri.authority().map(Authority::as_str).unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default().to_owned()
}

fn parse(url: &str) -> Result<Uri, HubError> {
    let bad = || HubError::BadUrl { found: url.to_owned() };
    let uri: Uri = url.trim().parse().map_err(|_invalid| bad())?;
    let is_whole =
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty());
    if is_whole { Ok(uri) } else { Err(bad()) }
}

fn check_encrypted(uri: &Uri, is_local: bool) -> Result<(), HubError> {
    if uri.scheme_str() == Some("https") || is_local {
        return Ok(());
    }
    Err(HubError::Insecure { host: host(uri) })
}

fn is_this_computer(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
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
    use std::net::IpAddr;

    use ureq::unversioned::resolver::DefaultResolver;

    use super::super::test_server::{LocalServer, empty, redirect};
    use super::*;

    #[test]
    fn only_this_computer_should_be_asked_without_encryption() {
        for url in [
            "http://127.0.0.1:8080/a",
            "http://localhost/a",
            "http://[::1]:9/a",
            "https://example.org/a",
        ] {
            let uri = parse(url).unwrap();
            assert!(check_encrypted(&uri, is_this_computer(&uri)).is_ok(), "{url}");
        }
        for url in [
            "http://example.org/a",
            "http://127.0.0.1.example.org/",
            "http://10.0.0.1/",
        ] {
            let uri = parse(url).unwrap();
            let error = check_encrypted(&uri, is_this_computer(&uri)).unwrap_err();
            assert!(matches!(error, HubError::Insecure { .. }), "{url}: {error}");
        }
    }

    /// A client that may ask one address of this computer, and no other.
    fn of_one_address() -> Client {
        let agent = || {
            let guard = PublicOnly {
                names: DefaultResolver::default(),
                is_allowed: |address| address == IpAddr::from([127, 0, 0, 1]),
            };
            Agent::with_parts(config().proxy(None).build(), DefaultConnector::default(), guard)
        };
        Client {
            agent: agent(),
            local: Some(agent()),
            is_public_only: true,
        }
    }

    #[test]
    fn a_redirect_should_be_looked_at_like_the_first_address() {
        let server = LocalServer::start(|request| {
            let to = match request.url() {
                "/number" => "http://127.0.0.2:1/".to_owned(),
                "/mapped" => "https://[::ffff:127.0.0.2]:1/".to_owned(),
                "/decimal" => "https://2130706434/".to_owned(),
                "/twice" => "/number".to_owned(),
                "/clear" => "http://8.8.8.8/".to_owned(),
                "/file" => "file:///etc/passwd".to_owned(),
                _ => {
                    request.respond(empty(204)).ok();
                    return;
                }
            };
            request.respond(redirect(&to)).ok();
        });
        let client = of_one_address();
        let ask = |path: &str| {
            let url = server.url(path);
            client.get(HttpRequest {
                url: &url,
                ..HttpRequest::default()
            })
        };
        assert_eq!(ask("/here").unwrap().status(), 204);
        for path in ["/number", "/mapped", "/decimal", "/twice"] {
            let error = ask(path).unwrap_err();
            assert!(
                matches!(error, HubError::NotPublic { .. }),
                "{path}: {}",
                error.one_line()
            );
        }
        assert!(matches!(ask("/clear"), Err(HubError::Insecure { .. })));
        assert!(matches!(ask("/file"), Err(HubError::BadUrl { .. })));
    }

    #[test]
    fn a_proxy_should_not_be_asked_for_what_is_inside() {
        let proxy = |no_proxy: &str| {
            let proxy = ureq::Proxy::builder(ureq::ProxyProtocol::Http)
                .host("127.0.0.1")
                .port(9);
            config().proxy(Some(proxy.no_proxy(no_proxy).build().unwrap())).build()
        };
        let config = proxy("direct.example");
        for url in [
            "https://127.0.0.1/",
            "https://127.0.0.1:9/",
            "https://0x7f.2/",
            "https://[::ffff:10.0.0.1]/",
            "https://192.168.1.1:8443/",
        ] {
            let error = check_before_proxy(&parse(url).unwrap(), &config).unwrap_err();
            assert!(matches!(error, HubError::NotPublic { .. }), "{url}: {error}");
        }
        for url in [
            "https://8.8.8.8/",
            "https://name-of-nobody.invalid/",
            "https://direct.example/",
        ] {
            assert!(check_before_proxy(&parse(url).unwrap(), &config).is_ok(), "{url}");
        }
    }

    #[test]
    fn another_server_should_not_send_to_this_computer() {
        let outside = parse("https://example.org/").unwrap();
        for url in ["http://localhost:1/", "http://127.0.0.1/", "http://[::1]/"] {
            let here = parse(url).unwrap();
            assert!(Client::new().local(&here, &here).is_some(), "{url}: chosen by the user");
            assert!(Client::new().local(&outside, &here).is_none(), "{url}: sent to");
            assert!(
                Client::for_strangers().local(&here, &here).is_none(),
                "{url}: chosen by a stranger"
            );
        }
    }

    #[test]
    fn a_host_for_people_should_hold_no_password() {
        for (url, expected) in [
            ("https://user:secret@example.org/a", "example.org"),
            ("https://secret@example.org:8443/a", "example.org:8443"),
            ("https://a:b@[2606:4700::1111]:1/", "[2606:4700::1111]:1"),
            ("https://example.org/@a:b", "example.org"),
        ] {
            assert_eq!(host_of(url), expected, "{url}");
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
