//! What is fetched, from a server on this computer: by the client of the hub, as [`fetch_picture`] would refuse to ask it.

use tiny_http::Response;

use super::super::test_server::{LocalServer, empty, named, redirect};
use super::*;

#[test]
fn names_should_come_from_the_address_and_be_harmless() {
    for (url, expected) in [
        ("https://a.example/b/Sea%20side.jpeg?x=1#y", "Sea-20side"),
        ("https://a.example/", "a"),
        ("https://a.example/../..", "picture"),
        ("https://a.example/猫.webp", "猫"),
        ("https://a.example/...", "picture"),
    ] {
        assert_eq!(name_in(url), expected, "{url}");
    }
}

/// The smallest beginnings by which the kinds are told; the rest is not looked at by the hub.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0 and so on, longer";
const WEBP: &[u8] = b"RIFF\x10\0\0\0WEBPVP8L and so on";

fn server() -> LocalServer {
    LocalServer::start(|request| {
        let data = |bytes: &[u8]| Response::from_data(bytes.to_vec());
        let answered = match request.url() {
            "/a.png" | "/liar.jpg" => request.respond(data(PNG)),
            "/b.jpeg?size=large" => request.respond(data(JPEG)),
            "/c" => request.respond(data(WEBP)),
            "/moved/a.png" => request.respond(redirect("../a.png").with_header(named("X-Note", "relative"))),
            "/away" => request.respond(redirect("http://example.org/a.png")),
            "/round" => request.respond(redirect("/round")),
            "/page.png" => request.respond(data(b"<!doctype html><title>Sign in</title>")),
            "/nothing" => request.respond(data(b"")),
            "/secret" => request.respond(empty(403)),
            "/bomb.png" => request.respond(Response::new(
                200.into(),
                vec![],
                std::io::Read::chain(PNG, std::io::repeat(0)),
                None, // no length is told
                None,
            )),
            "/huge.png" => {
                let length = MAX_PICTURE_BYTES as usize + 1;
                let response = Response::new(200.into(), vec![], std::io::repeat(0), Some(length), None);
                request.respond(response.with_chunked_threshold(usize::MAX)) // so that the length is told
            }
            _ => request.respond(empty(404)),
        };
        answered.ok(); // whoever asked may have heard enough
    })
}

#[test]
fn a_picture_should_be_fetched_and_named_by_its_address_and_what_it_is() {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    let dir = folder.path().join("new");
    for (path, name, bytes) in [
        ("/a.png", "a.png", PNG),
        ("/a.png", "a-2.png", PNG),
        ("/liar.jpg", "liar.png", PNG),
        ("/b.jpeg?size=large", "b.jpg", JPEG),
        ("/c", "c.webp", WEBP),
        ("/moved/a.png", "a-3.png", PNG),
    ] {
        let found = fetch(&Client::new(), &server.url(path), &dir).unwrap();
        assert_eq!(found, dir.join(name), "{path}");
        assert_eq!(std::fs::read(found).unwrap(), bytes, "{path}");
    }
}

#[test]
fn what_is_no_picture_should_be_refused_in_one_line_and_leave_nothing() {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    for (path, expected) in [
        (
            "/page.png",
            "expected a picture (PNG, JPEG or WebP), found a file that begins with",
        ),
        ("/nothing", "found nothing"),
        ("/missing.png", "there is no such picture (HTTP 404)"),
        ("/secret", "(HTTP 403)"),
        ("/away", "example.org is asked for without encryption"),
        ("/round", "more than 8 times"),
        ("/bomb.png", "expected at most 67108864 bytes"),
        ("/huge.png", "expected at most 67108864 bytes, found 67108865"),
    ] {
        let error = fetch(&Client::new(), &server.url(path), folder.path()).unwrap_err();
        let line = error.one_line();
        assert!(line.contains(expected) && !line.contains('\n'), "{path}: {line}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_server_that_is_not_there_should_be_said_so() {
    let url = server().url("/a.png"); // dropped at once, so that nobody listens
    let folder = tempfile::tempdir().unwrap();
    let line = fetch(&Client::new(), &url, folder.path()).unwrap_err().one_line();
    assert!(line.contains("cannot be reached"), "{line}");
}
