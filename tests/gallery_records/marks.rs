use std::collections::BTreeSet;
use std::path::Path;

use hareru::gallery::{GalleryError, UserMetadata, read_user_metadata, user_metadata_path, write_user_metadata};
use proptest::prelude::*;

/// As darktable 4 writes it, shortened; with a rating, tags, history and a creator of its own.
const DARKTABLE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:darktable="http://darktable.sf.net/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
   exif:DateTimeOriginal="2026:11:20 10:00:00"
   xmp:Rating="3"
   darktable:xmp_version="5">
   <dc:subject>
    <rdf:Bag>
     <rdf:li>boat &amp; sea</rdf:li>
     <rdf:li>夜</rdf:li>
    </rdf:Bag>
   </dc:subject>
   <lr:hierarchicalSubject>
    <rdf:Bag>
     <rdf:li>things|boat &amp; sea</rdf:li>
    </rdf:Bag>
   </lr:hierarchicalSubject>
   <dc:creator><rdf:Seq><rdf:li>somebody</rdf:li></rdf:Seq></dc:creator>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"#;

/// As Lightroom writes beside raw files: elements in place of attributes, other prefixes, a wrapper.
const ADOBE: &str = r#"<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<r:Description r:about="uuid:1" xmlns:xap="http://ns.adobe.com/xap/1.0/"><xap:Rating>5</xap:Rating><xap:Label>Red</xap:Label></r:Description>
<r:Description r:about="uuid:1" xmlns:d="http://purl.org/dc/elements/1.1/"><d:subject><r:Bag><r:li>harbour</r:li></r:Bag></d:subject></r:Description>
</r:RDF></x:xmpmeta>
<?xpacket end="w"?>"#;

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn some_marks() -> UserMetadata {
    UserMetadata {
        rating: 4,
        is_favourite: true,
        tags: set(&["a < b", "\"quoted\" & 'so'", "青い 海"]),
        collections: set(&["best of 2026"]),
    }
}

#[test]
fn marks_should_come_back_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("a.png");
    assert_eq!(read_user_metadata(&picture, None).unwrap(), UserMetadata::default());
    for user_metadata in [some_marks(), UserMetadata::default(), some_marks()] {
        write_user_metadata(&picture, &user_metadata, None).unwrap();
        assert_eq!(read_user_metadata(&picture, None).unwrap(), user_metadata);
    }
    assert!(folder.path().join("a.png.xmp").is_file());
}

#[test]
fn no_marks_should_need_no_file() {
    let folder = tempfile::tempdir().unwrap();
    write_user_metadata(&folder.path().join("a.png"), &UserMetadata::default(), None).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_other_programs_wrote_should_be_read_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("a.png");
    let file = folder.path().join("a.png.xmp");
    for (text, rating, tags, kept) in [
        (
            DARKTABLE,
            3,
            set(&["boat & sea", "夜"]),
            &[
                "exif:DateTimeOriginal=\"2026:11:20 10:00:00\"",
                "darktable:xmp_version=\"5\"",
                "<rdf:li>things|boat &amp; sea</rdf:li>",
                "<dc:creator><rdf:Seq><rdf:li>somebody</rdf:li></rdf:Seq></dc:creator>",
            ][..],
        ),
        (
            ADOBE,
            5,
            set(&["harbour"]),
            &["<xap:Label>Red</xap:Label>", "<?xpacket end=\"w\"?>", "uuid:1"][..],
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let found = read_user_metadata(&picture, None).unwrap();
        assert_eq!((found.rating, &found.tags), (rating, &tags));

        write_user_metadata(&picture, &some_marks(), None).unwrap();
        write_user_metadata(&picture, &some_marks(), None).unwrap();
        assert_eq!(read_user_metadata(&picture, None).unwrap(), some_marks());
        let written = std::fs::read_to_string(&file).unwrap();
        for part in kept {
            assert!(written.contains(part), "{part} is gone from\n{written}");
        }
        assert_eq!(written.matches("hareru:Favourite").count(), 1, "{written}");
        assert_eq!(written.matches("Rating").count(), 1, "{written}");
    }
}

#[test]
fn rejected_should_be_no_stars_and_stay_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("a.png");
    let file = folder.path().join("a.png.xmp");
    std::fs::write(&file, DARKTABLE.replace("Rating=\"3\"", "Rating=\"-1\"")).unwrap();
    let mut user_metadata = read_user_metadata(&picture, None).unwrap();
    assert_eq!(user_metadata.rating, 0);
    user_metadata.is_favourite = true;
    write_user_metadata(&picture, &user_metadata, None).unwrap();
    assert!(std::fs::read_to_string(&file).unwrap().contains("Rating=\"-1\""));
    assert_eq!(read_user_metadata(&picture, None).unwrap(), user_metadata);
}

#[test]
fn the_files_of_adobe_should_be_read_where_there_is_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("a.jpg");
    std::fs::write(folder.path().join("a.xmp"), ADOBE).unwrap();
    assert_eq!(read_user_metadata(&picture, None).unwrap().rating, 5);
    write_user_metadata(&picture, &UserMetadata::default(), None).unwrap();
    assert_eq!(std::fs::read_to_string(folder.path().join("a.xmp")).unwrap(), ADOBE);
    write_user_metadata(&picture, &some_marks(), None).unwrap();
    write_user_metadata(&picture, &UserMetadata::default(), None).unwrap();
    assert_eq!(
        read_user_metadata(&picture, None).unwrap(),
        UserMetadata::default(),
        "ours count more"
    );
}

#[test]
fn nothing_should_be_written_into_watched_folders() {
    let watched = tempfile::tempdir().unwrap();
    let gallery = tempfile::tempdir().unwrap();
    let marks_dir = gallery.path().join(".hareru").join("marks");
    let picture = watched.path().join("a.png");
    std::fs::write(&picture, "pixels").unwrap();
    std::fs::write(watched.path().join("a.png.xmp"), DARKTABLE).unwrap();

    assert_eq!(read_user_metadata(&picture, Some(&marks_dir)).unwrap().rating, 3);
    write_user_metadata(&picture, &some_marks(), Some(&marks_dir)).unwrap();
    assert_eq!(read_user_metadata(&picture, Some(&marks_dir)).unwrap(), some_marks());
    assert_eq!(std::fs::read_dir(watched.path()).unwrap().count(), 2);
    assert_eq!(
        std::fs::read_to_string(watched.path().join("a.png.xmp")).unwrap(),
        DARKTABLE
    );
    // printf pixels | sha256sum | cut -c-32
    let name = user_metadata_path(&picture, Some(&marks_dir)).unwrap();
    assert_eq!(name, marks_dir.join("6ec9c2b0eb14010746c8bce8939303b3.xmp"));

    let moved = watched.path().join("b.png");
    std::fs::rename(&picture, &moved).unwrap();
    assert_eq!(read_user_metadata(&moved, Some(&marks_dir)).unwrap(), some_marks());
}

#[test]
fn broken_files_should_be_told_of_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("a.png");
    let file = folder.path().join("a.png.xmp");
    let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    let cut = &DARKTABLE[..DARKTABLE.len() / 2];
    let broken = ["", "not XML", "<x:xmpmeta/>", "<rdf:RDF", cut, deep.as_str(), "<a></b>"];
    for (place, text) in broken.iter().enumerate() {
        std::fs::write(&file, text).unwrap();
        let error = read_user_metadata(&picture, None).unwrap_err();
        assert!(matches!(error, GalleryError::BadUserMetadata { .. }), "{error:?}");
        assert!(error.one_line().contains("expected"), "{}", error.one_line());

        write_user_metadata(&picture, &some_marks(), None).unwrap();
        assert_eq!(read_user_metadata(&picture, None).unwrap(), some_marks());
        let aside = match place {
            0 => "a.png.xmp.broken".to_owned(),
            place => format!("a.png.xmp.broken-{}", place + 1),
        };
        assert_eq!(std::fs::read_to_string(folder.path().join(aside)).unwrap(), *text);
    }
    std::fs::write(&file, b"\xff\xfe\x00<").unwrap();
    assert!(read_user_metadata(&picture, None).is_err(), "UTF-16 is not read");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert!(write_user_metadata(&picture, &some_marks(), None).is_err());
    assert!(file.is_dir(), "what is no file is left alone");
}

#[test]
fn entities_of_a_document_should_not_be_expanded() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("a.png");
    let bomb = format!(
        "<!DOCTYPE x [<!ENTITY a \"{}\"><!ENTITY b \"&a;&a;\">]>{}",
        "x".repeat(1000),
        ADOBE.replace("harbour", "&b;harbour")
    );
    std::fs::write(folder.path().join("a.png.xmp"), bomb).unwrap();
    assert_eq!(read_user_metadata(&picture, None).unwrap().tags, set(&["harbour"]));
}

fn word() -> impl Strategy<Value = String> {
    "[^\\p{C}]{0,12}".prop_map(|word| word.trim().to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_marks_should_come_back(
        rating in 0_u8..=5,
        is_favourite: bool,
        tags in prop::collection::btree_set(word(), 0..5),
        collections in prop::collection::btree_set(word(), 0..3),
    ) {
        let without_empty = |words: BTreeSet<String>| words.into_iter().filter(|word| !word.is_empty()).collect();
        let user_metadata = UserMetadata { rating, is_favourite, tags: without_empty(tags), collections: without_empty(collections) };
        let folder = tempfile::tempdir().unwrap();
        let picture = folder.path().join("a.png");
        std::fs::write(folder.path().join("a.png.xmp"), DARKTABLE).unwrap();
        write_user_metadata(Path::new(&picture), &user_metadata, None).unwrap();
        prop_assert_eq!(read_user_metadata(&picture, None).unwrap(), user_metadata);
    }

    #[test]
    fn no_file_should_bring_it_down(text in ".{0,200}", at in 0..DARKTABLE.len(), length in 0_usize..80) {
        let folder = tempfile::tempdir().unwrap();
        let picture = folder.path().join("a.png");
        let mut torn = DARKTABLE.as_bytes().to_vec();
        torn.splice(at..(at + length).min(torn.len()), text.bytes());
        std::fs::write(folder.path().join("a.png.xmp"), torn).unwrap();
        if let Ok(user_metadata) = read_user_metadata(&picture, None) {
            write_user_metadata(&picture, &user_metadata, None).unwrap();
            prop_assert_eq!(read_user_metadata(&picture, None).unwrap(), user_metadata);
        }
    }
}
