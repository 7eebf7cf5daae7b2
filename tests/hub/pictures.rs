//! Pictures known by their address only: whom such an address may lead to.

use hareru::hub::{HubError, fetch_picture};

use super::server::{LocalServer, empty};

#[test]
fn an_address_without_encryption_should_not_be_asked() {
    let folder = tempfile::tempdir().unwrap();
    let error = fetch_picture("http://example.org/a.png", folder.path()).unwrap_err();
    assert!(matches!(error, HubError::Insecure { .. }), "{error}");
    let error = fetch_picture("file:///etc/hostname", folder.path()).unwrap_err();
    assert!(matches!(error, HubError::BadUrl { .. }), "{error}");
}

#[test]
fn an_address_should_not_lead_to_this_computer_or_its_network_however_it_is_written() {
    let server = LocalServer::start(|request| request.respond(empty(404)).unwrap());
    let port = server.url("").rsplit(':').next().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    for host in [
        "localhost",
        "LOCALHOST",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "0.0.0.0",
        "0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:192.168.0.1]",
        "[64:ff9b::a00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fd00::1]",
        "somebody:secret@127.0.0.1",
        "example.org@127.0.0.1",
    ] {
        for url in [format!("https://{host}:{port}/a.png"), format!("https://{host}/a.png")] {
            let error = fetch_picture(&url, folder.path()).unwrap_err();
            assert!(
                matches!(error, HubError::NotPublic { .. }),
                "{url}: {}",
                error.one_line()
            );
            assert!(!error.one_line().contains("secret"), "{url}: {}", error.one_line());
        }
        let url = format!("http://{host}:{port}/a.png");
        let error = fetch_picture(&url, folder.path()).unwrap_err();
        assert!(
            matches!(error, HubError::Insecure { .. }),
            "{url}: {}",
            error.one_line()
        );
    }
    assert_eq!(server.asked(), [], "the server on this computer was asked");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
