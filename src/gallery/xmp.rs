//! What XMP files say of a picture: its rating, its tags, and properties of our own.
//!
//! | property | what it is |
//! |---|---|
//! | `xmp:Rating` | 0 to 5; -1 is "rejected" with Adobe and darktable, which has no stars here and is kept |
//! | `dc:subject` | tags, an `rdf:Bag` |
//! | `hareru:Favourite` | `True` or absent |
//! | `hareru:Collections` | names, an `rdf:Bag` |
//!
//! All else in a file is another program's, and stays as it is, letter for letter, when the user metadata is written anew: our
//! properties are cut out where they stand and put into an `rdf:Description` of their own.
//!
//! Source: XMP Specification Part 1, <https://github.com/adobe/XMP-Toolkit-SDK/tree/main/docs>

use std::collections::BTreeSet;
use std::ops::Range;

use quick_xml::XmlVersion;
use quick_xml::escape::escape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use super::UserMetadata;

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const XMP: &str = "http://ns.adobe.com/xap/1.0/";
const DC: &str = "http://purl.org/dc/elements/1.1/";
/// Of what only this program knows.
const HARERU: &str = "urn:hareru:marks/";
/// Deepest nesting that is read; darktable needs about ten.
const MAX_DEPTH: usize = 256;

/// Why a text could not be read as XMP.
#[derive(Debug, thiserror::Error)]
pub enum XmpError {
    /// Not well-formed XML.
    #[error("expected XML")]
    Xml(#[from] quick_xml::Error),
    /// An attribute is not well-formed.
    #[error("expected attributes of XML")]
    Attribute(#[from] quick_xml::events::attributes::AttrError),
    /// The text ends inside an element.
    #[error("expected the end of every element, found the end of the file")]
    Unclosed,
    /// XML, but nothing that describes anything.
    #[error("expected an element rdf:RDF, found none")]
    NoRdf,
    /// Elements in elements in elements.
    #[error("expected elements up to {MAX_DEPTH} deep, found more")]
    TooDeep,
    /// Not UTF-8.
    #[error("expected UTF-8")]
    NotUtf8(#[from] std::str::Utf8Error),
    /// Longer than any description of a picture.
    #[error("expected up to {limit} bytes, found {found}")]
    TooLong {
        /// Most bytes that are read.
        limit: u64,
        /// Bytes there are.
        found: u64,
    },
}

/// The user metadata in a text.
///
/// # Errors
/// [`XmpError`] if it is not XMP.
pub(super) fn user_metadata_in(text: &str) -> Result<UserMetadata, XmpError> {
    Ok(Scan::of(text)?.user_metadata)
}

/// The text with other user metadata, all else as it is.
///
/// # Errors
/// [`XmpError`] if it is not XMP.
pub(super) fn with_user_metadata(text: &str, user_metadata: &UserMetadata) -> Result<String, XmpError> {
    let scan = Scan::of(text)?;
    let rating = match user_metadata.rating {
        0 if scan.is_rejected => "-1".to_owned(),
        rating => rating.to_string(),
    };
    let ours = description(user_metadata, &rating, &scan.about);
    let mut edits = scan.edits;
    edits.push(match scan.end {
        End::Before(at) => (at..at, format!("\n{ours}")),
        End::Instead(range, name) => (range, format!(">\n{ours}\n</{name}>")),
    });
    edits.sort_by_key(|(range, _)| (range.start, range.end));

    let mut rewritten = String::with_capacity(text.len() + 1024);
    let mut done = 0;
    for (range, replacement) in edits {
        rewritten.push_str(&text[done..range.start]);
        rewritten.push_str(&replacement);
        done = range.end;
    }
    rewritten.push_str(&text[done..]);
    Ok(rewritten)
}

/// A new text with user metadata.
pub(super) fn text_of(user_metadata: &UserMetadata) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n <rdf:RDF xmlns:rdf=\"{RDF}\">\n{}\n </rdf:RDF>\n</x:xmpmeta>\n",
        description(user_metadata, &user_metadata.rating.to_string(), "")
    )
}

fn description(user_metadata: &UserMetadata, rating: &str, about: &str) -> String {
    let UserMetadata {
        rating: _,
        is_favourite,
        tags,
        collections,
    } = user_metadata;
    let mut text = format!(
        "  <rdf:Description rdf:about=\"{}\"\n    xmlns:rdf=\"{RDF}\"\n    xmlns:xmp=\"{XMP}\"\n    xmlns:dc=\"{DC}\"\n    xmlns:hareru=\"{HARERU}\"\n   xmp:Rating=\"{rating}\"",
        escape(about)
    );
    if *is_favourite {
        text.push_str("\n   hareru:Favourite=\"True\"");
    }
    text.push('>');
    for (name, words) in [("dc:subject", tags), ("hareru:Collections", collections)] {
        let items: Vec<String> = words
            .iter()
            .map(|word| cleaned(word))
            .filter(|word| !word.is_empty())
            .map(|word| format!("     <rdf:li>{}</rdf:li>\n", escape(&word)))
            .collect();
        if !items.is_empty() {
            let items = items.concat();
            text = format!("{text}\n   <{name}>\n    <rdf:Bag>\n{items}    </rdf:Bag>\n   </{name}>");
        }
    }
    text.push_str("\n  </rdf:Description>");
    text
}

/// A word without what XML cannot hold, and without spaces at its ends.
pub(super) fn cleaned(word: &str) -> String {
    let is_kept = |c: char| !c.is_control() && !matches!(c, '\u{FFFE}' | '\u{FFFF}');
    let word: String = word.chars().map(|c| if is_kept(c) { c } else { ' ' }).collect();
    word.trim().to_owned()
}

/// A property that is ours to read and write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Property {
    Rating,
    Favourite,
    Tags,
    Collections,
}

impl Property {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Rating, XMP, "Rating"),
        (Self::Favourite, HARERU, "Favourite"),
        (Self::Tags, DC, "subject"),
        (Self::Collections, HARERU, "Collections"),
    ];

    fn of(name: &Name) -> Option<Self> {
        let is_it = |(_, namespace, local): &&(Self, &str, &str)| name.is(namespace, local);
        Self::ALL.iter().find(is_it).map(|(property, ..)| *property)
    }
}

/// A name and whose it is.
struct Name {
    namespace: Option<String>,
    local: String,
}

impl Name {
    fn new(resolved: &ResolveResult<'_>, local: &str) -> Self {
        let namespace = match resolved {
            ResolveResult::Bound(Namespace(namespace)) => Some((*namespace).to_owned()),
            ResolveResult::Unbound | ResolveResult::Unknown(_) => None,
        };
        let local = local.to_owned();
        Self { namespace, local }
    }

    fn is(&self, namespace: &str, local: &str) -> bool {
        self.namespace.as_deref() == Some(namespace) && self.local == local
    }
}

/// An element that is open.
enum Place {
    Other,
    Rdf,
    Description {
        /// Where it starts.
        start: usize,
        /// Edits that were known then.
        num_edits: usize,
        /// Whether nothing in it is another's.
        is_ours: bool,
    },
    Property(Property, usize),
    List(Property),
    Item(Property),
}

/// Where something can be put in.
enum End {
    Before(usize),
    Instead(Range<usize>, String),
}

/// What a text says, and where.
struct Scan {
    user_metadata: UserMetadata,
    is_rejected: bool,
    /// What its descriptions are about.
    about: String,
    /// Takes out what is ours.
    edits: Vec<(Range<usize>, String)>,
    end: End,
}

impl Scan {
    fn of(text: &str) -> Result<Self, XmpError> {
        let text_without_mark = text.trim_start_matches('\u{FEFF}');
        let offset = text.len() - text_without_mark.len();
        let mut scanner = Scanner {
            text,
            user_metadata: UserMetadata::default(),
            is_rejected: false,
            about: None,
            edits: Vec::new(),
            end: None,
            places: Vec::new(),
            words: String::new(),
        };
        let mut reader = NsReader::from_str(text_without_mark);
        loop {
            let start = offset + reader.buffer_position() as usize;
            let event = reader.read_event()?;
            let range = start..offset + reader.buffer_position() as usize;
            match event {
                Event::Start(tag) => scanner.open(&reader, &tag, &range, false)?,
                Event::Empty(tag) => {
                    scanner.open(&reader, &tag, &range, true)?;
                    scanner.close(&range);
                }
                Event::End(_) => scanner.close(&range),
                Event::Text(text) => scanner.words.push_str(&text.xml10_content()),
                Event::CData(text) => scanner.words.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => match reference.resolve_char_ref()? {
                    Some(character) => scanner.words.push(character),
                    None => scanner
                        .words
                        .push_str(quick_xml::escape::resolve_predefined_entity(&reference).unwrap_or_default()),
                },
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
        if !scanner.places.is_empty() {
            return Err(XmpError::Unclosed);
        }
        Ok(Self {
            user_metadata: scanner.user_metadata,
            is_rejected: scanner.is_rejected,
            about: scanner.about.unwrap_or_default(),
            edits: scanner.edits,
            end: scanner.end.ok_or(XmpError::NoRdf)?,
        })
    }
}

struct Scanner<'a> {
    text: &'a str,
    user_metadata: UserMetadata,
    is_rejected: bool,
    about: Option<String>,
    edits: Vec<(Range<usize>, String)>,
    end: Option<End>,
    places: Vec<Place>,
    /// Text since the last element that began.
    words: String,
}

impl Scanner<'_> {
    fn open(
        &mut self,
        reader: &NsReader<&[u8]>,
        tag: &BytesStart<'_>,
        range: &Range<usize>,
        is_empty: bool,
    ) -> Result<(), XmpError> {
        if self.places.len() >= MAX_DEPTH {
            return Err(XmpError::TooDeep);
        }
        let (resolved, local) = reader.resolver().resolve_element(tag.name());
        let name = Name::new(&resolved, local.as_ref());
        let parent = self.places.last();
        let is_list = ["Bag", "Seq", "Alt"].iter().any(|list| name.is(RDF, list));
        let place = match parent {
            Some(Place::Rdf) if name.is(RDF, "Description") => Place::Description {
                start: range.start,
                num_edits: self.edits.len(),
                is_ours: self.read_attributes(reader, tag, range, is_empty)?,
            },
            Some(Place::Description { .. }) => match Property::of(&name) {
                Some(property) => Place::Property(property, range.start),
                None => Place::Other,
            },
            Some(Place::Property(property, _)) if is_list => Place::List(*property),
            Some(Place::List(property)) if name.is(RDF, "li") => Place::Item(*property),
            _ if name.is(RDF, "RDF") && self.end.is_none() => {
                if is_empty {
                    let slash = range.end.saturating_sub("/>".len());
                    self.end = Some(End::Instead(slash..range.end, tag.name().0.to_owned()));
                }
                Place::Rdf
            }
            _ => Place::Other,
        };
        if let (Some(Place::Description { is_ours, .. }), Place::Other) = (self.places.last_mut(), &place) {
            *is_ours = false;
        }
        self.places.push(place);
        self.words.clear();
        Ok(())
    }

    /// Reads the attributes of a description, and takes ours out. Returns whether none is another's.
    fn read_attributes(
        &mut self,
        reader: &NsReader<&[u8]>,
        tag: &BytesStart<'_>,
        range: &Range<usize>,
        is_empty: bool,
    ) -> Result<bool, XmpError> {
        let mut kept = format!("<{}", tag.name().0);
        let mut has_ours = false;
        let mut has_others = false;
        // That names differ is not checked: each would be compared with all others.
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute?;
            let key = attribute.key.0;
            let (resolved, local) = reader.resolver().resolve_attribute(attribute.key);
            let name = Name::new(&resolved, local.as_ref());
            let value = attribute.normalized_value(XmlVersion::Implicit1_0)?;
            if let Some(property) = Property::of(&name) {
                self.take(property, &value);
                has_ours = true;
                continue;
            }
            if name.is(RDF, "about") {
                self.about.get_or_insert_with(|| value.clone().into_owned());
            } else if attribute.key.as_namespace_binding().is_none() {
                has_others = true;
            }
            let raw = attribute.value.replace('"', "&quot;");
            for part in ["\n    ", key, "=\"", &raw, "\""] {
                kept.push_str(part);
            }
        }
        if has_ours {
            kept.push_str(if is_empty { "/>" } else { ">" });
            self.edits.push((range.clone(), kept));
        }
        Ok(!has_others)
    }

    fn close(&mut self, range: &Range<usize>) {
        let words = std::mem::take(&mut self.words);
        match self.places.pop() {
            Some(Place::Item(property)) => self.take(property, &words),
            Some(Place::Property(property, start)) => {
                if matches!(property, Property::Rating | Property::Favourite) {
                    self.take(property, &words);
                }
                self.cut(start..range.end);
            }
            Some(Place::Description {
                start,
                num_edits,
                is_ours,
            }) if is_ours => {
                self.edits.truncate(num_edits);
                self.cut(start..range.end);
            }
            Some(Place::Rdf) if self.end.is_none() => {
                let before = self.text[..range.start].trim_end().len();
                self.end = Some(End::Before(before));
            }
            _ => {}
        }
    }

    /// Takes something out, with the spaces before it.
    fn cut(&mut self, range: Range<usize>) {
        let start = self.text[..range.start].trim_end().len();
        self.edits.push((start..range.end, String::new()));
    }

    fn take(&mut self, property: Property, value: &str) {
        let add = |words: &mut BTreeSet<String>| {
            let word = cleaned(value);
            if !word.is_empty() {
                words.insert(word);
            }
        };
        match property {
            Property::Rating => {
                let rating = value.trim().parse::<f64>().unwrap_or(0.0);
                self.is_rejected = rating < 0.0;
                self.user_metadata.rating = rating.clamp(0.0, 5.0).round() as u8; // NaN is 0
            }
            Property::Favourite => {
                self.user_metadata.is_favourite = ["true", "1"].contains(&value.trim().to_lowercase().as_str());
            }
            Property::Tags => add(&mut self.user_metadata.tags),
            Property::Collections => add(&mut self.user_metadata.collections),
        }
    }
}
