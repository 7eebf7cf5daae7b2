//! Galleries that a stranger prepared: nothing outside them is touched, and nothing in them is carried out.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hareru::gallery;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
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

/// An index whose pages lead to each other so that one row is found again and again: `levels` pages above each other, each
/// of which names the next one a few hundred times.
fn with_endless_rows(index: &Path, table: &str, levels: u32) {
    let root: u32 = {
        let connection = Connection::open(index).unwrap();
        connection
            .execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = delete;")
            .unwrap();
        connection
            .query_row("SELECT rootpage FROM sqlite_schema WHERE name = ?", [table], |row| {
                row.get(0)
            })
            .unwrap()
    };
    let mut bytes = std::fs::read(index).unwrap();
    let page_bytes = usize::from(u16::from_be_bytes([bytes[16], bytes[17]]));
    let num_pages = (bytes.len() / page_bytes) as u32;
    let place = |page: u32| (page as usize - 1) * page_bytes..page as usize * page_bytes;
    let leaf = bytes[place(root)].to_vec();
    assert_eq!(leaf[0], 0x0D, "the root of a small table is its only page");
    let interior = |child: u32| {
        const NUM_CELLS: usize = 300;
        let mut page = vec![0; page_bytes];
        let mut at = page_bytes;
        for cell in (0..NUM_CELLS).rev() {
            at -= 5; // a child, and a key of one byte
            page[at..at + 4].copy_from_slice(&child.to_be_bytes());
            page[at + 4] = (cell % 100) as u8 + 1;
            page[12 + 2 * cell..14 + 2 * cell].copy_from_slice(&(at as u16).to_be_bytes());
        }
        page[0] = 0x05;
        page[3..5].copy_from_slice(&(NUM_CELLS as u16).to_be_bytes());
        page[5..7].copy_from_slice(&(at as u16).to_be_bytes());
        page[8..12].copy_from_slice(&child.to_be_bytes());
        page
    };
    let first = num_pages + 1;
    let root_place = place(root);
    bytes[root_place].copy_from_slice(&interior(first));
    for level in 1..levels {
        bytes.extend(interior(first + level));
    }
    bytes.extend(leaf);
    bytes[28..32].copy_from_slice(&(num_pages + levels).to_be_bytes());
    let change = [bytes[24], bytes[25], bytes[26], bytes[27]];
    bytes[92..96].copy_from_slice(&change); // the number of pages is valid for this change
    std::fs::write(index, bytes).unwrap();
}

#[test]
fn pages_that_lead_to_each_other_without_end_should_cost_the_index_alone() {
    for (table, levels) in [("pictures", 8), ("unreadable", 8), ("pictures", 30)] {
        let (folder, picture) = gallery_of_one();
        std::fs::write(folder.path().join("torn.png"), b"no picture").unwrap();
        drop(Library::open(folder.path()));
        with_endless_rows(&index_of(folder.path()), table, levels);
        assert_eq!(
            Library::open(folder.path()).paths(),
            [picture],
            "{table}, {levels} levels"
        );
        let aside = own_folder(folder.path()).join("index-set-aside.sqlite");
        assert!(aside.is_file(), "it is kept beside: {table}, {levels} levels");
    }
}

#[test]
fn an_index_with_corrupt_pages_should_never_cost_more_than_itself() {
    let (folder, picture) = gallery_of_one();
    let index = index_of(folder.path());
    let whole = std::fs::read(&index).unwrap();
    let kept = state(&picture);
    let num_pages = whole.len() / 4096;
    let mut random = ChaCha8Rng::seed_from_u64(16);
    for round in 0..60 {
        let mut bytes = whole.clone();
        for _ in 0..=random.next_u32() % 4 {
            let page = random.next_u32() as usize % num_pages * 4096;
            match random.next_u32() % 4 {
                0 => bytes[page..page + 4096].fill(0),
                1 => {
                    let other = random.next_u32() as usize % num_pages * 4096;
                    bytes.copy_within(other..other + 4096, page);
                }
                2 => random.fill_bytes(&mut bytes[page..page + 4096]),
                _ => random.fill_bytes(&mut bytes[page + 8..page + 32]), // how the page says it is laid out
            }
        }
        for end in ["-wal", "-shm"] {
            std::fs::remove_file(own_folder(folder.path()).join(format!("index.sqlite{end}"))).ok();
        }
        std::fs::write(&index, &bytes).unwrap();
        drop(Library::open(folder.path())); // ends, whatever it found
        assert_eq!(state(&picture), kept, "round {round}");
    }
    gallery::forget_index(folder.path()).unwrap();
    assert_eq!(Library::open(folder.path()).paths(), [picture]);
}

#[test]
fn a_header_that_names_pages_that_are_not_there_should_cost_the_index() {
    for (place, value) in [
        (28, u32::MAX.to_be_bytes()),        // pages of the file
        (28, 0x7FFF_FFFE_u32.to_be_bytes()), // the most that there can be
        (32, 0x00FF_FFFF_u32.to_be_bytes()), // the first free page
        (36, u32::MAX.to_be_bytes()),        // how many are free
        (52, 0x7FFF_FFFF_u32.to_be_bytes()), // the largest root
        (16, [0, 1, 2, 2]),                  // pages of 64 KiB
    ] {
        let (folder, picture) = gallery_of_one();
        let index = index_of(folder.path());
        let mut bytes = std::fs::read(&index).unwrap();
        bytes[place..place + 4].copy_from_slice(&value);
        let change = [bytes[24], bytes[25], bytes[26], bytes[27]];
        bytes[92..96].copy_from_slice(&change);
        std::fs::write(&index, &bytes).unwrap();
        assert_eq!(Library::open(folder.path()).paths(), [picture], "{value:x?} at {place}");
        let bytes = std::fs::metadata(&index).unwrap().len();
        assert!(bytes < 1 << 20, "{bytes} bytes of index for one picture");
    }
}

#[test]
fn definitions_that_are_too_long_or_too_many_should_cost_the_index() {
    let long = format!("CREATE TABLE more (a CHECK (a <> '{}'))", "x".repeat(3 << 20));
    let wide: Vec<String> = (0..1500).map(|column| format!("c{column}")).collect();
    let many: Vec<String> = (0..5000).map(|table| format!("CREATE TABLE t{table} (a)")).collect();
    for (planted, name) in [
        (long, "long"),
        (format!("CREATE TABLE more ({})", wide.join(", ")), "wide"),
        (format!("BEGIN; {}; COMMIT", many.join(";")), "many"),
    ] {
        let (folder, picture) = gallery_of_one();
        let index = index_of(folder.path());
        Connection::open(&index).unwrap().execute_batch(&planted).unwrap();
        assert_eq!(Library::open(folder.path()).paths(), [picture], "{name}");
        let aside = own_folder(folder.path()).join("index-set-aside.sqlite");
        assert!(aside.is_file(), "it is kept beside: {name}");
    }
}

#[cfg(unix)]
#[test]
fn pipes_in_the_galleries_own_folder_should_not_be_waited_for() {
    for name in [
        "index.lock",
        "index.sqlite",
        "index.sqlite-wal",
        "index.sqlite-shm",
        "index.sqlite-journal",
    ] {
        let (folder, picture) = gallery_of_one();
        let place = own_folder(folder.path()).join(name);
        std::fs::remove_file(&place).ok();
        let made = std::process::Command::new("mkfifo").arg(&place).status().unwrap();
        assert!(made.success());
        let library = Library::open(folder.path());
        assert_eq!(library.paths(), [picture], "{name}");
        drop(library);
        assert!(gallery::verify(folder.path()).unwrap().is_good(), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn what_has_a_name_in_another_gallery_should_not_be_written() {
    for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm", "index.lock"] {
        let (folder, picture) = gallery_of_one();
        let (elsewhere, _) = gallery_of_one();
        let victim = match name {
            "index.sqlite" => index_of(elsewhere.path()),
            _ => elsewhere.path().join("thesis.txt"),
        };
        if name != "index.sqlite" {
            std::fs::write(&victim, "somebody's thesis").unwrap();
        }
        let before = state(&victim);
        let place = own_folder(folder.path()).join(name);
        std::fs::remove_file(&place).ok();
        std::fs::hard_link(&victim, &place).unwrap();
        let library = Library::open(folder.path());
        assert_eq!(library.paths(), std::slice::from_ref(&picture), "{name}");
        let second = gallery::save(folder.path(), &generated_image(small_request()))
            .unwrap()
            .path;
        library.until_paths(&[&picture, &second]);
        drop(library);
        assert_eq!(state(&victim), before, "{name}");
    }
}

/// A rollback journal may name a file that lists other journals; some versions of `SQLite` delete it once none is left.
#[test]
fn a_journal_should_not_have_a_file_deleted_that_it_names() {
    const MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    let (folder, picture) = gallery_of_one();
    let index = index_of(folder.path());
    Connection::open(&index)
        .unwrap()
        .execute_batch("PRAGMA journal_mode = delete")
        .unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let victim = elsewhere.path().join("thesis.txt");
    std::fs::write(&victim, "somebody's thesis").unwrap();

    let num_pages = (std::fs::metadata(&index).unwrap().len() / 4096) as u32;
    let mut journal = MAGIC.to_vec();
    for number in [0, 7, num_pages, 512, 4096_u32] {
        journal.extend(number.to_be_bytes()); // records, nonce, pages before, bytes of a sector and of a page
    }
    journal.resize(512, 0);
    let name = victim.to_str().unwrap().as_bytes();
    let checksum: u32 = name.iter().map(|byte| u32::from(*byte)).sum();
    journal.extend((0x4000_0000_u32 / 4096 + 1).to_be_bytes()); // the page that is never used
    journal.extend(name);
    journal.extend((name.len() as u32).to_be_bytes());
    journal.extend(checksum.to_be_bytes());
    journal.extend(MAGIC);
    std::fs::write(own_folder(folder.path()).join("index.sqlite-journal"), journal).unwrap();

    assert_eq!(Library::open(folder.path()).paths(), [picture]);
    assert!(victim.exists(), "a file elsewhere was deleted");
}
