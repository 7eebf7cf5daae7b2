//! Galleries that a stranger prepared: nothing outside them is touched, and nothing in them is carried out.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hareru::gallery;
use rusqlite::Connection;

use crate::gallery_store::small_request;
use crate::support::generated_image;

use super::Library;

/// A gallery of one picture with an index.
fn gallery_of_one() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let picture = gallery::save(folder.path(), &generated_image(small_request()))
        .unwrap()
        .path;
    drop(Library::open(folder.path()));
    (folder, picture)
}

fn own_folder(gallery: &Path) -> PathBuf {
    gallery.join(".hareru")
}

fn index_of(gallery: &Path) -> PathBuf {
    own_folder(gallery).join("index.sqlite")
}

fn state(path: &Path) -> (Vec<u8>, SystemTime) {
    (
        std::fs::read(path).unwrap(),
        std::fs::metadata(path).unwrap().modified().unwrap(),
    )
}

#[cfg(unix)]
#[test]
fn links_in_the_galleries_own_folder_should_lead_nowhere() {
    for name in ["index.lock", "index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
        for is_there in [true, false] {
            let (folder, picture) = gallery_of_one();
            let elsewhere = tempfile::tempdir().unwrap();
            let victim = elsewhere.path().join("victim");
            if is_there {
                std::fs::write(&victim, "somebody's thesis").unwrap();
            }
            let before = is_there.then(|| state(&victim));
            let place = own_folder(folder.path()).join(name);
            std::fs::remove_file(&place).ok();
            std::os::unix::fs::symlink(&victim, &place).unwrap();
            assert_eq!(Library::open(folder.path()).paths(), [picture], "{name}");
            assert_eq!(victim.exists().then(|| state(&victim)), before, "{name}");
        }
    }
}

#[cfg(unix)]
#[test]
fn an_index_elsewhere_should_not_be_written() {
    let (folder, picture) = gallery_of_one();
    let (elsewhere, _) = gallery_of_one();
    let victim = index_of(elsewhere.path());
    let before = state(&victim);
    let place = index_of(folder.path());
    std::fs::remove_file(&place).unwrap();
    std::os::unix::fs::symlink(&victim, &place).unwrap();
    assert_eq!(Library::open(folder.path()).paths(), [picture]);
    assert_eq!(state(&victim), before);
}

#[cfg(unix)]
#[test]
fn a_linked_own_folder_should_not_be_written_to() {
    let (folder, picture) = gallery_of_one();
    let own = own_folder(folder.path());
    std::fs::remove_dir_all(&own).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), &own).unwrap();
    assert_eq!(Library::open(folder.path()).paths(), [picture]);
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn an_index_that_is_no_file_should_make_way() {
    let (folder, picture) = gallery_of_one();
    let place = index_of(folder.path());
    std::fs::remove_file(&place).unwrap();
    std::fs::create_dir(&place).unwrap();
    assert_eq!(Library::open(folder.path()).paths(), [picture]);
    assert!(place.is_file(), "it was made anew");
}

#[test]
fn an_index_that_defines_other_things_should_be_made_anew() {
    let endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS id FROM c";
    for planted in [
        &format!("DROP TABLE roots; CREATE VIEW roots AS {endless}"),
        &format!("DROP TABLE unreadable; CREATE VIEW unreadable AS {endless}"),
        "CREATE TRIGGER t AFTER INSERT ON pictures BEGIN DELETE FROM pictures; END",
        "CREATE TRIGGER t AFTER INSERT ON roots BEGIN INSERT INTO tags SELECT hex(randomblob(1000000)), 1; END",
        "CREATE TABLE more (a)",
        "CREATE INDEX more ON pictures (prompt)",
        "ALTER TABLE pictures ADD COLUMN doubled INTEGER GENERATED ALWAYS AS (seed * 2)",
        "DROP TABLE words; CREATE TABLE words (prompt, negative)",
        "DROP INDEX facts",
    ] {
        let (folder, picture) = gallery_of_one();
        let file = index_of(folder.path());
        Connection::open(&file).unwrap().execute_batch(planted).unwrap();
        assert_eq!(Library::open(folder.path()).paths(), [picture], "{planted}");
        let aside = own_folder(folder.path()).join("index-set-aside.sqlite");
        assert!(aside.is_file(), "it is kept beside: {planted}");
    }
}

#[test]
fn rows_that_lead_out_of_the_gallery_should_cost_the_index() {
    for planted in [
        "UPDATE pictures SET path = '../victim.png'",
        "UPDATE pictures SET path = 'day/../../victim.png'",
        "UPDATE pictures SET path = '/victim.png'",
        "UPDATE pictures SET path = ''",
        "UPDATE pictures SET path = x'2e2e2f766963'",
        "UPDATE pictures SET path = 7",
        "INSERT INTO unreadable VALUES ('../victim.png', 0, 1, 1)",
        "UPDATE pictures SET root = 1, path = '{gallery}/../victim.png'",
    ] {
        let (folder, picture) = gallery_of_one();
        let planted = planted.replace("{gallery}", folder.path().to_str().unwrap());
        Connection::open(index_of(folder.path()))
            .unwrap()
            .execute_batch(&planted)
            .unwrap();
        assert_eq!(Library::open(folder.path()).paths(), [picture], "{planted}");
        let aside = own_folder(folder.path()).join("index-set-aside.sqlite");
        assert!(aside.is_file(), "it is kept beside: {planted}");
    }
}

#[cfg(unix)]
#[test]
fn marks_should_not_be_written_through_a_link() {
    let (folder, picture) = gallery_of_one();
    let elsewhere = tempfile::tempdir().unwrap();
    let marks = own_folder(folder.path()).join("marks");
    std::os::unix::fs::symlink(elsewhere.path(), &marks).unwrap();
    let user_metadata = gallery::UserMetadata {
        rating: 3,
        ..gallery::UserMetadata::default()
    };
    gallery::write_user_metadata(&picture, &user_metadata, Some(&marks)).unwrap_err();
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}
