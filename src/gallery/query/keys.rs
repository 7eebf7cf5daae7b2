//! What stands before a colon.

/// What a picture is compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Name(NameKey),
    Number(NumberKey),
    Negative,
    Seed,
    Size,
    Date,
    Is,
    Has,
}

/// What has names, which can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameKey {
    /// Names of models.
    Model,
    /// Ids of samplers.
    Sampler,
    /// File names of adapters.
    Lora,
    /// Tags.
    Tag,
    /// Collections.
    Collection,
    /// Whose records pictures have.
    RecordSource,
}

/// What is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberKey {
    Cfg,
    Steps,
    Rating,
    Width,
    Height,
}

/// A key, its name, how a search with it begins, and its other names.
pub(super) struct KeyNames {
    pub(super) key: Key,
    pub(super) name: &'static str,
    pub(super) start: &'static str,
    others: &'static [&'static str],
}

const fn names(key: Key, name: &'static str, start: &'static str, others: &'static [&'static str]) -> KeyNames {
    KeyNames {
        key,
        name,
        start,
        others,
    }
}

/// All keys, the likeliest first.
pub(super) const KEYS: &[KeyNames] = &[
    names(Key::Name(NameKey::Model), "model", "model:", &["checkpoint", "モデル"]),
    names(Key::Name(NameKey::Tag), "tag", "tag:", &["tags", "タグ"]),
    names(Key::Number(NumberKey::Rating), "rating", "rating>=", &["stars", "評価"]),
    names(Key::Date, "date", "date:", &["day", "日付"]),
    names(Key::Name(NameKey::Sampler), "sampler", "sampler:", &["サンプラー"]),
    names(Key::Name(NameKey::Lora), "lora", "lora:", &["loras", "adapter"]),
    names(
        Key::Name(NameKey::Collection),
        "collection",
        "collection:",
        &["collections", "コレクション"],
    ),
    names(Key::Seed, "seed", "seed:", &["シード"]),
    names(Key::Number(NumberKey::Cfg), "cfg", "cfg>", &["guidance", "ガイダンス"]),
    names(Key::Number(NumberKey::Steps), "steps", "steps<=", &["step", "ステップ"]),
    names(Key::Size, "size", "size:", &["サイズ"]),
    names(Key::Number(NumberKey::Width), "width", "width>=", &["幅"]),
    names(Key::Number(NumberKey::Height), "height", "height>=", &["高さ"]),
    names(Key::Negative, "negative", "negative:", &["ネガティブ"]),
    names(Key::Name(NameKey::RecordSource), "source", "source:", &["作成元"]),
    names(Key::Is, "is", "is:", &[]),
    names(Key::Has, "has", "has:", &[]),
];

impl Key {
    /// The key of that name, in lower case and narrow letters.
    pub(super) fn of(name: &str) -> Option<Self> {
        KEYS.iter()
            .find(|known| known.name == name || known.others.contains(&name))
            .map(|known| known.key)
    }

    pub(super) fn name(self) -> &'static str {
        KEYS.iter()
            .find(|known| known.key == self)
            .map_or("", |known| known.name)
    }
}

impl NumberKey {
    /// What may stand behind a number.
    pub(super) fn units(self) -> &'static [&'static str] {
        match self {
            Self::Cfg | Self::Steps => &[],
            Self::Rating => &["stars", "star", "★"],
            Self::Width | Self::Height => &["px", "ピクセル"],
        }
    }
}

/// What a picture may be or have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Favourite,
    Run,
    Tag,
    Collection,
    Rating,
    Lora,
    Record,
}

/// All marks, with the key they belong to and their names, the one that is shown first.
pub(super) const MARKS: &[(Mark, Key, &[&str])] = &[
    (
        Mark::Favourite,
        Key::Is,
        &["favourite", "favorite", "fav", "お気に入り"],
    ),
    (Mark::Run, Key::Has, &["run", "steps", "trajectory", "過程"]),
    (Mark::Tag, Key::Has, &["tag", "tags", "タグ"]),
    (Mark::Collection, Key::Has, &["collection", "コレクション"]),
    (Mark::Rating, Key::Has, &["rating", "評価"]),
    (Mark::Lora, Key::Has, &["lora"]),
    (Mark::Record, Key::Has, &["record", "記録"]),
];
