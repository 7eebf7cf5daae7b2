//! A node of a graph.

use serde_json::Value;

use crate::gallery::foreign::fields::Fields;

/// A node.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) id: &'a str,
    pub(super) class: &'a str,
    pub(super) inputs: Fields<'a>,
    pub(super) depth: usize,
}

impl<'a> Node<'a> {
    /// The node of that id; `None` if it is none.
    ///
    /// * `depth`: length of the way to it.
    pub(super) fn of(id: &'a str, node: &'a Value, depth: usize) -> Option<Self> {
        let node = Fields::of(node)?;
        Some(Self {
            id,
            class: node.0.get("class_type")?.as_str()?,
            inputs: node.object("inputs")?,
            depth,
        })
    }

    /// Whether an input is fed by a node.
    pub(super) fn is_linked(&self, input: &str) -> bool {
        self.inputs.0.get(input).is_some_and(Value::is_array)
    }

    /// Whether the name of its class has any of these words, in lower case, in it.
    pub(super) fn is_any(&self, words: &[&str]) -> bool {
        let class = self.class.to_lowercase();
        words.iter().any(|word| class.contains(word))
    }

    /// What it takes to look through its inputs once.
    pub(super) fn num_bytes(&self) -> usize {
        let input = |(key, value): (&String, &Value)| key.len() + value.as_str().map_or(8, str::len);
        self.class.len() + self.inputs.0.iter().map(input).sum::<usize>()
    }
}
