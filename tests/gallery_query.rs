//! The language of the search field, on real tables.

use hareru::gallery::index::search_text;
use hareru::gallery::query::{NameKey, Query, complete};
use hareru::gallery::{LabelCount, UserMetadata};
use proptest::prelude::*;
use rusqlite::{Connection, params, params_from_iter};

/// 2026-11-21.
const TODAY: i32 = 20_778;

/// What the tables say of a picture.
#[derive(Debug, Clone, Default)]
struct Row {
    prompt: String,
    negative: String,
    model: String,
    sampler: String,
    source: Option<&'static str>,
    loras: Vec<String>,
    user_metadata: UserMetadata,
    seed: Option<u64>,
    guidance: Option<f64>,
    steps: Option<u32>,
    size: (u32, u32),
    day: i32,
    has_run: bool,
}

fn tables(rows: &[Row]) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch(
            "CREATE TABLE pictures (id INTEGER PRIMARY KEY, day INTEGER, width INTEGER, height INTEGER, source TEXT,
                model TEXT, sampler TEXT, seed INTEGER, guidance REAL, steps INTEGER, has_run INTEGER, rating INTEGER,
                favourite INTEGER);
             CREATE TABLE loras (picture INTEGER, name TEXT COLLATE NOCASE);
             CREATE TABLE tags (picture INTEGER, name TEXT COLLATE NOCASE);
             CREATE TABLE collections (picture INTEGER, name TEXT COLLATE NOCASE);
             CREATE VIRTUAL TABLE words USING fts5 (prompt, negative);",
        )
        .unwrap();
    for (id, row) in rows.iter().enumerate() {
        let id = i64::try_from(id).unwrap();
        let UserMetadata {
            rating,
            is_favourite,
            tags,
            collections,
        } = &row.user_metadata;
        connection
            .execute(
                "INSERT INTO pictures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    id,
                    row.day,
                    row.size.0,
                    row.size.1,
                    row.source,
                    row.model,
                    row.sampler,
                    row.seed.map(u64::cast_signed),
                    row.guidance,
                    row.steps,
                    row.has_run,
                    rating,
                    is_favourite
                ],
            )
            .unwrap();
        connection
            .execute(
                "INSERT INTO words (rowid, prompt, negative) VALUES (?, ?, ?)",
                params![id, search_text(&row.prompt), search_text(&row.negative)],
            )
            .unwrap();
        let names = [
            ("loras", row.loras.iter().collect::<Vec<_>>()),
            ("tags", tags.iter().collect()),
            ("collections", collections.iter().collect()),
        ];
        for (table, names) in names {
            for name in names {
                let sql = format!("INSERT INTO {table} VALUES (?, ?)");
                connection.execute(&sql, params![id, name]).unwrap();
            }
        }
    }
    connection
}

fn found(connection: &Connection, query: &str) -> Vec<usize> {
    let condition = Query::parse(query, TODAY)
        .unwrap_or_else(|error| panic!("{query}: {error}"))
        .condition();
    let sql = format!("SELECT id FROM pictures WHERE {} ORDER BY id", condition.sql);
    let mut statement = connection
        .prepare(&sql)
        .unwrap_or_else(|error| panic!("{query}: {sql}: {error}"));
    let ids = statement.query_map(params_from_iter(condition.values), |row| row.get::<_, i64>(0));
    ids.unwrap_or_else(|error| panic!("{query}: {sql}: {error}"))
        .map(|id| id.unwrap_or_else(|error| panic!("{query}: {sql}: {error}")) as usize)
        .collect()
}

fn set(words: &[&str]) -> std::collections::BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn some_rows() -> Vec<Row> {
    vec![
        Row {
            prompt: "A lighthouse at night, red boat".to_owned(),
            negative: "blurry, low quality".to_owned(),
            model: "DreamShaper_8".to_owned(),
            sampler: "dpmpp_2m".to_owned(),
            source: Some("a1111"),
            loras: vec!["add_detail".to_owned()],
            user_metadata: UserMetadata {
                rating: 4,
                is_favourite: true,
                tags: set(&["sea", "夜"]),
                collections: set(&["Best of 2026"]),
            },
            seed: Some(u64::MAX),
            guidance: Some(7.5),
            steps: Some(20),
            size: (512, 768),
            day: TODAY,
            has_run: true,
        },
        Row {
            prompt: "a boat, red sky; lighthouses".to_owned(),
            model: "starter".to_owned(),
            sampler: "euler_a".to_owned(),
            source: Some("hareru"),
            seed: Some(7),
            guidance: Some(7.0),
            steps: Some(25),
            size: (512, 512),
            day: TODAY - 21,
            ..Row::default()
        },
        Row {
            prompt: "青い海 灯台".to_owned(),
            size: (64, 64),
            day: TODAY - 400,
            ..Row::default()
        },
    ]
}

#[test]
fn each_word_should_find_what_the_table_says() {
    let connection = tables(&some_rows());
    for (query, expected) in [
        ("", &[0, 1, 2][..]),
        ("lighthouse night", &[0]),
        ("boat lighthouse", &[0, 1]),
        ("lighthouse boat", &[0]),
        ("BOAT", &[0, 1]),
        ("boa", &[0, 1]),
        ("boa sea", &[]),
        ("\"red boat\"", &[0]),
        ("\"boat red\"", &[1]),
        ("-\"red boat\"", &[1, 2]),
        ("red-boat", &[0]),
        ("-night", &[1, 2]),
        ("青い", &[2]),
        ("青い海 灯台", &[2]),
        ("海青", &[]),
        ("model:dream", &[0]),
        ("model:DREAMSHAPER_8", &[0]),
        ("model:dreamshaperX8", &[]),
        ("model=dreamshaper", &[]),
        ("model=dreamshaper_8", &[0]),
        ("model!=dreamshaper_8", &[1, 2]),
        ("-model:dream", &[1, 2]),
        ("model:%", &[]),
        ("sampler:\"DPM++ 2M\"", &[0]),
        ("sampler:\"Euler a\"", &[1]),
        ("lora:detail", &[0]),
        ("-lora:detail", &[1, 2]),
        ("tag:SEA", &[0]),
        ("tag:夜", &[0]),
        ("collection:\"best of\"", &[0]),
        ("source:forge", &[0]),
        ("source:hareru", &[1]),
        ("-source:hareru", &[0, 2]),
        ("negative:blurry", &[0]),
        ("negative:boat", &[]),
        ("seed:18446744073709551615", &[0]),
        ("seed:7", &[1]),
        ("seed!=7", &[0, 2]),
        ("size:512x768", &[0]),
        ("size:512×512px", &[1]),
        ("cfg>7", &[0]),
        ("cfg>=7", &[0, 1]),
        ("cfg:7", &[1]),
        ("cfg!=7", &[0, 2]),
        ("cfg:7..8", &[0, 1]),
        ("cfg:..7", &[1]),
        ("cfg > 7", &[]), // words of the prompt
        ("cfg> 7", &[0]),
        ("steps<=20", &[0]),
        ("steps<21 steps>19", &[0]),
        ("rating>=4", &[0]),
        ("rating:★★★★", &[0]),
        ("rating:0", &[1, 2]),
        ("width>=512px", &[0, 1]),
        ("height=512", &[1]),
        ("date:today", &[0]),
        ("date:week", &[0]),
        ("date:2026-11", &[0]),
        ("date:2026", &[0, 1]),
        ("date:2025", &[2]),
        ("date>2026-10", &[0]),
        ("date>=2026-10", &[0, 1]),
        ("date<2026", &[2]),
        ("date:2025-01..2026-10", &[1, 2]),
        ("date:2026-10-31", &[1]),
        ("is:favourite", &[0]),
        ("-is:favorite", &[1, 2]),
        ("has:run", &[0]),
        ("has:tag", &[0]),
        ("has:record", &[0, 1]),
        // What a Japanese keyboard gives.
        ("ｍｏｄｅｌ：dream", &[0]),
        ("モデル：dream", &[0]),
        ("ｃｆｇ＞７", &[0]),
        ("評価≧４", &[0]),
        ("日付：今日", &[0]),
        ("－ｓｅｅｄ：７", &[0, 2]),
        ("“red boat”", &[0]),
        ("青い海　灯台", &[2]),
        // What is no word is in every text.
        ("!!!", &[0, 1, 2]),
        ("- boat", &[0, 1]),
        ("(lighthouse:1.2)", &[]),
        ("\"", &[0, 1, 2]),
        ("boat\0", &[0, 1]),
        ("\"bo*\"", &[]),
        ("AND OR NOT", &[]),
    ] {
        assert_eq!(found(&connection, query), expected, "{query}");
    }
}

#[test]
fn what_cannot_be_understood_should_be_told_where() {
    for (query, wrong, part) in [
        ("boat cfg>seven", "seven", "a number"),
        ("cfg>", "", "a number after cfg, found nothing"),
        ("modle:a", "modle", "model, tag, rating"),
        ("seed:-1", "-1", "a whole number"),
        ("seed>4", "4", "comparison of order"),
        ("size:512", "512", "512x768"),
        ("date:2026-13", "2026-13", "2026-11-20"),
        ("海 is:red", "red", "favourite"),
        ("has:wings", "wings", "run, tag"),
        ("model:\"\"", "\"\"", "a name"),
        ("steps:..", "..", "a number"),
        ("cfg:nan", "nan", "a number"),
        ("rating>=1e999", "1e999", "a number"),
    ] {
        let error = Query::parse(query, TODAY).unwrap_err();
        assert_eq!(&query[error.range.clone()], wrong, "{query}: {error}");
        assert!(error.message.contains(part), "{query}: {error}");
        assert!(error.message.starts_with("expected "), "{query}: {error}");
    }
    let long = "boat ".repeat(201);
    assert!(Query::parse(&long, TODAY).unwrap_err().message.contains("200 words"));
    assert!(Query::parse(&"海".repeat(4000), TODAY).is_err());
}

#[test]
fn as_many_words_as_are_allowed_should_be_found() {
    let words: Vec<String> = (0..200).map(|number| format!("word{number}")).collect();
    let row = Row {
        prompt: words.join(" "),
        ..Row::default()
    };
    let connection = tables(&[row, Row::default()]);
    assert_eq!(found(&connection, &words.join(" ")), [0]);
    let negated: Vec<String> = words.iter().map(|word| format!("-{word}")).collect();
    assert_eq!(found(&connection, &negated.join(" ")), [1]);
}

fn label(name: &str, count: usize) -> LabelCount {
    LabelCount {
        name: name.to_owned(),
        count,
    }
}

fn some_values(key: NameKey) -> Vec<LabelCount> {
    match key {
        NameKey::Model => vec![label("starter", 3), label("Dream Shaper", 9), label("my\"model", 1)],
        NameKey::Tag => vec![label("sea", 5), label("night sea", 8)],
        NameKey::Sampler => vec![label("euler", 1)],
        NameKey::Lora | NameKey::Collection | NameKey::RecordSource => Vec::new(),
    }
}

#[test]
fn completions_should_go_on_where_the_caret_is() {
    for (text, expected) in [
        ("mo|", &["model:"][..]),
        ("boat ra| night", &["boat rating>= night"]),
        ("-mo|", &["-model:"]),
        ("ＭＯ|", &["model:"]),
        (
            "model:|",
            &["model:\"Dream Shaper\"", "model:starter", "model:\"my\"\"model\""],
        ),
        ("model:sha|", &["model:\"Dream Shaper\""]),
        ("boat -model=\"dream s| night", &["boat -model=\"Dream Shaper\""]),
        ("tag：se| x", &["tag：sea x", "tag：\"night sea\" x"]),
        ("se|", &["seed:", "tag:sea", "tag:\"night sea\""]),
        ("date:to|", &["date:today"]),
        ("is:|", &["is:favourite"]),
        ("cfg>|", &[]),
        ("\"red b|", &[]),
        ("modle:x se|", &[]),
    ] {
        let caret = text.find('|').unwrap();
        let completions = complete(&text.replace('|', ""), caret, some_values);
        let texts: Vec<&str> = completions.iter().map(|completion| completion.text.as_str()).collect();
        assert_eq!(texts, expected, "{text}");
    }
    assert_eq!(complete("", 0, some_values).len(), 12);
    let first = complete("model:", 6, some_values).remove(0);
    assert_eq!((first.label.as_str(), first.count), ("Dream Shaper", Some(9)));
}

fn piece() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "sea", "night", "海", "灯台", "9", "+", "'", "x_y"]);
    let key = prop::sample::select(vec![
        "model",
        "TAG",
        "lora",
        "collection",
        "source",
        "negative",
        "サンプラー",
    ]);
    let number_key = prop::sample::select(vec!["cfg", "steps", "rating", "ｗｉｄｔｈ", "height"]);
    let operator = prop::sample::select(vec![":", "=", "!=", "<", "<=", ">", ">=", "：", "≧"]);
    let name_operator = prop::sample::select(vec![":", "=", "!="]);
    let day = prop::sample::select(vec![
        "today",
        "yesterday",
        "week",
        "2026",
        "2026-11",
        "2026-11-20",
        "2026-01..2026-03",
        "2025..",
        "昨日",
    ]);
    let fixed = prop::sample::select(vec![
        "is:favourite",
        "has:run",
        "has:tag",
        "seed:7",
        "seed!=9",
        "size:64x32",
        "-",
        "\"",
    ]);
    let sign = prop::sample::select(vec!["", "", "-", "－"]);
    (
        sign,
        prop_oneof![
            name.clone().prop_map(str::to_owned),
            (name.clone(), name.clone()).prop_map(|(a, b)| format!("\"{a} {b}\"")),
            (key, name_operator, name).prop_map(|(key, operator, name)| format!("{key}{operator}\"{name}\"")),
            (number_key, operator.clone(), -1.0_f64..9.0).prop_map(|(key, operator, n)| format!("{key}{operator}{n}")),
            ("cfg|steps", 0_u8..9, 0_u8..9).prop_map(|(key, a, b)| format!("{key}:{a}..{b}")),
            (prop::sample::select(vec![":", "<", "<=", ">", ">=", "!="]), day).prop_filter_map(
                "ranges are not ordered",
                |(operator, day)| {
                    (!day.contains("..") || !operator.contains(['<', '>'])).then(|| format!("date{operator}{day}"))
                }
            ),
            fixed.prop_map(str::to_owned),
        ],
    )
        .prop_map(|(sign, piece)| format!("{sign}{piece}"))
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let words = prop::collection::vec(prop::sample::select(vec!["a", "b", "sea", "night", "Sea"]), 0..4);
    let names = || prop::collection::vec(prop::sample::select(vec!["a", "Sea", "b_9", "'"]), 0..3);
    let facts = (
        prop::option::of(0_u64..10),
        prop::option::of(0.0_f64..9.0),
        prop::option::of(0_u32..9),
        (0_u32..9, 0_u32..9),
        TODAY - 800..TODAY + 2,
        any::<bool>(),
    );
    let row = (
        words,
        names(),
        names(),
        prop::sample::select(vec!["", "a", "Sea 9"]),
        facts,
        0_u8..=5,
        any::<bool>(),
    );
    let row = row.prop_map(|(words, tags, loras, model, facts, rating, is_favourite)| Row {
        prompt: words.join(" "),
        negative: words.iter().rev().copied().collect::<Vec<_>>().join(", "),
        model: model.to_owned(),
        sampler: model.to_lowercase(),
        source: (rating > 2).then_some("hareru"),
        loras: loras.into_iter().map(str::to_owned).collect(),
        user_metadata: UserMetadata {
            rating,
            is_favourite,
            tags: set(&tags),
            collections: set(&tags),
        },
        seed: facts.0,
        guidance: facts.1,
        steps: facts.2,
        size: facts.3,
        day: facts.4,
        has_run: facts.5,
    });
    prop::collection::vec(row, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_should_bring_it_down(text in "\\PC{0,40}", mixed in "[a-z:<>=!\"“ 　０-９：＞＝－海.-]{0,40}", caret in 0_usize..60) {
        let connection = tables(&[]);
        for text in [text, mixed] {
            if let Ok(query) = Query::parse(&text, TODAY) {
                prop_assert_eq!(Query::parse(&query.to_string(), TODAY), Ok(query), "{}", text);
                found(&connection, &text);
            }
            for completion in complete(&text, caret, some_values) {
                prop_assert!(!completion.text.is_empty());
            }
        }
    }

    #[test]
    fn a_search_should_be_the_same_when_printed(pieces in prop::collection::vec(piece(), 0..6), today in TODAY - 5000..TODAY + 5000) {
        let text = pieces.join(" ");
        let query = Query::parse(&text, today).unwrap();
        prop_assert_eq!(Query::parse(&query.to_string(), 0), Ok(query), "{}", text);
    }

    #[test]
    fn a_minus_should_find_all_the_others(piece in piece(), rows in rows()) {
        prop_assume!(piece.chars().count() > 1);
        let piece = piece.trim_start_matches(['-', '－']);
        // A last word may go on; a negated one may not, so a word is compared in quotes.
        let is_word = !piece.contains([':', '=', '<', '>', '：', '≧', '"', '“']);
        let piece = if is_word { format!("\"{piece}\"") } else { piece.to_owned() };
        let connection = tables(&rows);
        let mut all = found(&connection, &piece);
        all.extend(found(&connection, &format!("-{piece}")));
        all.sort_unstable();
        prop_assert_eq!(all, (0..rows.len()).collect::<Vec<_>>(), "{}", piece);
    }

    #[test]
    fn comparisons_should_mean_what_they_say(
        rows in rows(),
        number in prop_oneof![(0_u8..9).prop_map(f64::from), 0.0_f64..9.0],
        word in prop::sample::select(vec!["a", "b", "sea", "night"]),
        seed in 0_u64..10,
        days in 0_i32..800,
    ) {
        type Compare = fn(f64, f64) -> bool;
        type Fact = fn(&Row) -> Option<f64>;
        let operators: [(&str, Compare); 6] = [
            (":", |a, b| a == b),
            ("=", |a, b| a == b),
            ("<", |a, b| a < b),
            ("<=", |a, b| a <= b),
            (">", |a, b| a > b),
            (">=", |a, b| a >= b),
        ];
        let facts: [(&str, Fact); 5] = [
            ("cfg", |row| row.guidance),
            ("steps", |row| row.steps.map(f64::from)),
            ("rating", |row| Some(f64::from(row.user_metadata.rating))),
            ("width", |row| Some(f64::from(row.size.0))),
            ("height", |row| Some(f64::from(row.size.1))),
        ];
        let connection = tables(&rows);
        let expected = |holds: &dyn Fn(&Row) -> bool| -> Vec<usize> {
            rows.iter().enumerate().filter(|(_, row)| holds(row)).map(|(id, _)| id).collect()
        };
        for (operator, compare) in operators {
            for (key, fact) in facts {
                let query = format!("{key}{operator}{number}");
                let expected = expected(&|row| fact(row).is_some_and(|fact| compare(fact, number)));
                prop_assert_eq!(found(&connection, &query), expected, "{}", query);
            }
        }
        prop_assert_eq!(found(&connection, &format!("cfg!={number}")), expected(&|row| row.guidance != Some(number)));
        prop_assert_eq!(found(&connection, &format!("seed:{seed}")), expected(&|row| row.seed == Some(seed)));
        let has = |names: &[String]| names.iter().any(|name| name.to_lowercase().contains(word));
        let tags = |row: &Row| row.user_metadata.tags.iter().any(|tag| tag.to_lowercase().contains(word));
        prop_assert_eq!(found(&connection, &format!("lora:{word}")), expected(&|row| has(&row.loras)));
        prop_assert_eq!(found(&connection, &format!("tag:{word}")), expected(&tags));
        prop_assert_eq!(found(&connection, &format!("model:{word}")), expected(&|row| has(std::slice::from_ref(&row.model))));
        let words = |row: &Row| row.prompt.to_lowercase().split(' ').any(|found| found.starts_with(word));
        prop_assert_eq!(found(&connection, word), expected(&words));
        let day = TODAY - days;
        let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
        prop_assert_eq!(found(&connection, &format!("date:{date}")), expected(&|row| row.day == day));
        prop_assert_eq!(found(&connection, &format!("date<{date}")), expected(&|row| row.day < day));
        prop_assert_eq!(found(&connection, &format!("date>={date}")), expected(&|row| row.day >= day));
    }
}
