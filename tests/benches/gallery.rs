//! The index of a gallery of 100,000 pictures: opening it takes at most a second, a search at most 50 ms.
//!
//! `cargo bench --bench gallery`. The rows are written straight into the tables, since 100,000 pictures would take
//! longer to make than to find; each is as a picture of a person who writes long prompts.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on should stop")]
#![expect(clippy::print_stdout, reason = "a benchmark tells what it measures")]

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use criterion::Criterion;
use hareru::gallery::index::{Index, indexed_text};
use hareru::gallery::query::Condition;
use hareru::gallery::{EntryId, SortOrder};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use rusqlite::params;
use rusqlite::types::Value;

/// Pictures in the gallery.
const PICTURES: i64 = 100_000;
/// Words of each prompt.
const WORDS: usize = 60;
/// Words there are, the first of them the most used.
const VOCABULARY: u32 = 5000;
/// When the first picture was made; one follows each ten minutes.
const FIRST_SECS: i64 = 1_700_000_000;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    drop(Index::open(folder.path()).unwrap());
    let start = Instant::now();
    fill(&Index::file_of(folder.path()));
    let bytes = Index::file_of(folder.path()).metadata().unwrap().len();
    println!("{PICTURES} rows, {} MB, written in {:?}", bytes >> 20, start.elapsed());

    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    criterion.bench_function("open, and all pictures", |bencher| {
        bencher.iter(|| {
            let index = Index::open(folder.path()).unwrap().index;
            let found = index.search(&condition("1", &[]), SortOrder::Newest).unwrap();
            assert_eq!(found.ids.len(), PICTURES as usize);
            black_box(found)
        });
    });
    let index = Index::open(folder.path()).unwrap().index;
    let matching = "id IN (SELECT rowid FROM words WHERE words MATCH ?)";
    for (name, condition) in [
        ("all", condition("1", &[])),
        ("a word", condition(matching, &[text("prompt : (\"w40\")")])),
        ("the commonest word", condition(matching, &[text("prompt : (\"w0\")")])),
        ("a beginning", condition(matching, &[text("prompt : (\"w1\" *)")])),
        (
            "two words and a phrase",
            condition(matching, &[text("prompt : (\"w3\" \"w17\" \"w5 w2\")")]),
        ),
        (
            "not a word",
            condition(
                "NOT (id IN (SELECT rowid FROM words WHERE words MATCH ?))",
                &[text("prompt : (\"w9\")")],
            ),
        ),
        ("cfg>7", condition("ifnull(guidance > ?, 0)", &[Value::Real(7.0)])),
        ("rating>=4", condition("rating >= ?", &[Value::Integer(4)])),
        ("model:", condition("model LIKE ?", &[text("%el 7%")])),
        (
            "tag:",
            condition("id IN (SELECT picture FROM tags WHERE name LIKE ?)", &[text("%tag 3%")]),
        ),
        (
            "word cfg>7 rating>=4",
            condition(
                &format!("{matching} AND guidance > ? AND rating >= ?"),
                &[text("prompt : (\"w2\")"), Value::Real(7.0), Value::Integer(4)],
            ),
        ),
    ] {
        let num_found = index.search(&condition, SortOrder::Newest).unwrap().ids.len();
        for (order, order_name) in [(SortOrder::Newest, "newest"), (SortOrder::Rating, "best")] {
            criterion.bench_function(&format!("search {name}: {num_found}, {order_name} first"), |bencher| {
                bencher.iter(|| black_box(index.search(&condition, order).unwrap()));
            });
        }
    }
    let ids: Vec<EntryId> = index.search(&condition("1", &[]), SortOrder::Newest).unwrap().ids;
    criterion.bench_function("200 entries", |bencher| {
        bencher.iter(|| black_box(index.entries(&ids[50_000..50_200]).unwrap()));
    });
    criterion.final_summary();
}

fn condition(sql: &str, values: &[Value]) -> Condition {
    Condition {
        sql: sql.to_owned(),
        values: values.to_vec(),
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Writes the rows as the index does, see the table in `gallery::index`.
fn fill(file: &Path) {
    let mut connection = rusqlite::Connection::open(file).unwrap();
    let transaction = connection.transaction().unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(7);
    {
        let mut picture = transaction
            .prepare(
                "INSERT INTO pictures (root, path, bytes, modified_ms, created_secs, day, width, height, source, model,
                    sampler, seed, guidance, steps, has_run, rating, favourite, prompt, negative)
                 VALUES (0, ?, 400000, ?, ?, ?, 512, 768, 'hareru', ?, 'dpmpp_2m', ?, ?, 25, 1, ?, ?, ?, ?)",
            )
            .unwrap();
        let mut words = transaction
            .prepare("INSERT INTO words (rowid, prompt, negative) VALUES (?, ?, ?)")
            .unwrap();
        let mut tag = transaction
            .prepare("INSERT INTO tags (picture, name) VALUES (?, ?)")
            .unwrap();
        for number in 0..PICTURES {
            let secs = FIRST_SECS + number * 600;
            let (prompt, negative) = (sentence(&mut random, WORDS), sentence(&mut random, WORDS / 3));
            picture
                .execute(params![
                    format!("day {}/{number}.png", secs / 86_400),
                    secs * 1000,
                    secs,
                    secs / 86_400,
                    format!("model {}", random.next_u32() % 20),
                    i64::from(random.next_u32()),
                    f64::from(random.next_u32() % 30) / 2.0,
                    random.next_u32() % 6,
                    random.next_u32() % 10 == 0,
                    prompt,
                    negative,
                ])
                .unwrap();
            let id = transaction.last_insert_rowid();
            words
                .execute(params![id, indexed_text(&prompt), indexed_text(&negative)])
                .unwrap();
            if number % 5 == 0 {
                tag.execute(params![id, format!("tag {}", random.next_u32() % 50)])
                    .unwrap();
            }
        }
    }
    transaction.commit().unwrap();
}

/// Words of which the first of the vocabulary are the most used, as in any language.
fn sentence(random: &mut ChaCha8Rng, num_words: usize) -> String {
    let words: Vec<String> = (0..num_words)
        .map(|_| {
            let part = f64::from(random.next_u32()) / f64::from(u32::MAX);
            format!("w{}", (part.powi(4) * f64::from(VOCABULARY)) as u32)
        })
        .collect();
    words.join(" ")
}
