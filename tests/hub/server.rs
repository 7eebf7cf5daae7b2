//! A small server on this computer.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tiny_http::{Header, Request, Response, Server};

/// What was asked of the server, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Path with its query.
    pub(crate) url: String,
    /// The header `Range`, if there was one.
    pub(crate) range: Option<String>,
    /// The header `Authorization`, if there was one.
    pub(crate) authorization: Option<String>,
}

/// Answers on a port of its own until it is dropped.
pub(crate) struct LocalServer {
    server: Arc<Server>,
    thread: Option<JoinHandle<()>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    address: SocketAddr,
}

impl LocalServer {
    /// Answers every request with `answer`, each on a thread of its own.
    pub(crate) fn start(answer: impl Fn(Request) + Send + Sync + 'static) -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").unwrap());
        let address = server.server_addr().to_ip().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answer = Arc::new(answer);
        let (listening, noted) = (Arc::clone(&server), Arc::clone(&asked));
        let thread = std::thread::Builder::new()
            .name("server".to_owned())
            .spawn(move || {
                for request in listening.incoming_requests() {
                    noted.lock().unwrap().push(Asked {
                        url: request.url().to_owned(),
                        range: header(&request, "Range"),
                        authorization: header(&request, "Authorization"),
                    });
                    let answer = Arc::clone(&answer);
                    std::thread::Builder::new().spawn(move || answer(request)).unwrap();
                }
            })
            .unwrap();
        Self {
            server,
            thread: Some(thread),
            asked,
            address,
        }
    }

    /// The address of a path that begins with a slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All that was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for LocalServer {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// A header of the request.
pub(crate) fn header(request: &Request, name: &'static str) -> Option<String> {
    let mut headers = request.headers().iter();
    let found = headers.find(|header| header.field.equiv(name));
    found.map(|header| header.value.to_string())
}

/// An answer without a body.
pub(crate) fn empty(status: u16) -> Response<std::io::Empty> {
    Response::empty(status)
}

/// Sends elsewhere.
pub(crate) fn redirect(to: &str) -> Response<std::io::Empty> {
    Response::empty(302).with_header(named("Location", to))
}

/// A header of an answer.
pub(crate) fn named(name: &str, value: &str) -> Header {
    Header::from_bytes(name, value).unwrap()
}
