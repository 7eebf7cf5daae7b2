//! Nodes and what they are fed.

use std::cell::Cell;

use serde_json::Value;

use super::choice;
use super::node::Node;
use crate::gallery::foreign::fields::{Fields, number, whole};

/// Nodes that are looked at before a graph is taken for endless.
const MAX_VISITS: u32 = 20_000;
/// Bytes of nodes that are looked at, each as often as it is: what a node says is read whenever a walk comes to it.
const MAX_VISITED_BYTES: usize = 16 << 20;
/// Longest way from node to node.
const MAX_DEPTH: usize = 200;

/// Inputs by which bundles of everything go from node to node.
pub(super) const CONTEXTS: [&str; 7] = [
    "base_ctx",
    "context",
    "ctx",
    "pipe",
    "basic_pipe",
    "detailer_pipe",
    "sdxl_tuple",
];
/// What nodes that hold a value call it.
const HOLDERS: &[&str] = &[
    "value",
    "Value",
    "int",
    "float",
    "number",
    "seed",
    "noise_seed",
    "INT",
    "FLOAT",
];
/// What nodes that hold several values call them otherwise.
const OTHER_NAMES: [(&str, &[&str]); 4] = [
    ("sampler_name", &["sampler"]),
    ("steps", &["steps_total"]),
    ("noise_seed", &["seed"]),
    ("seed", &["noise_seed"]),
];

/// A graph, and how much of it has been walked.
pub(super) struct Graph<'a> {
    nodes: Fields<'a>,
    visits: Cell<u32>,
    visited_bytes: Cell<usize>,
}

impl<'a> Graph<'a> {
    pub(super) fn new(nodes: Fields<'a>) -> Self {
        Self {
            nodes,
            visits: Cell::new(0),
            visited_bytes: Cell::new(0),
        }
    }

    /// All nodes, in the order of the graph.
    pub(super) fn nodes(&self) -> impl Iterator<Item = Node<'a>> {
        self.nodes.0.iter().filter_map(|(id, node)| Node::of(id, node, 0))
    }

    /// The node that feeds an input, and which of its outputs; switches and the like are passed through. `None` too where
    /// a walk goes on too long.
    pub(super) fn source(&self, node: Node<'a>, input: &str) -> Option<(Node<'a>, usize)> {
        let (mut found, mut slot) = self.link(node, input)?;
        while let Some(chosen) = self.chosen(found).filter(|chosen| found.is_linked(chosen)) {
            (found, slot) = self.link(found, chosen)?;
        }
        Some((found, slot))
    }

    /// The input that a node passes on, if it is one that chooses.
    pub(super) fn chosen(&self, node: Node<'a>) -> Option<&'a str> {
        choice::chosen(node, &|input| self.truth(node, input), &|input| self.whole(node, input))
    }

    fn link(&self, node: Node<'a>, input: &str) -> Option<(Node<'a>, usize)> {
        let link = node.inputs.0.get(input)?.as_array()?;
        let id = link.first()?.as_str()?;
        let slot = link.get(1).and_then(Value::as_u64).unwrap_or(0) as usize;
        self.visits.set(self.visits.get() + 1);
        let is_spent = self.visits.get() > MAX_VISITS || self.visited_bytes.get() > MAX_VISITED_BYTES;
        if is_spent || node.depth >= MAX_DEPTH {
            return None;
        }
        let (id, found) = self.nodes.0.get_key_value(id)?;
        let found = Node::of(id, found, node.depth + 1)?;
        self.visited_bytes.set(self.visited_bytes.get() + found.num_bytes());
        (self.visited_bytes.get() <= MAX_VISITED_BYTES).then_some((found, slot))
    }

    /// The node that feeds the first of these inputs that is fed by one.
    pub(super) fn source_of_any(&self, node: Node<'a>, inputs: &[&str]) -> Option<Node<'a>> {
        let mut sources = inputs.iter().filter_map(|input| self.source(node, input));
        sources.next().map(|(node, _)| node)
    }

    /// A number, given or fed by a node that has one.
    pub(super) fn number(&self, node: Node<'a>, input: &str) -> Option<f64> {
        self.value(node, input, &number)
    }

    /// A whole number, given or fed by a node that has one.
    pub(super) fn whole(&self, node: Node<'a>, input: &str) -> Option<u64> {
        self.value(node, input, &whole)
    }

    /// A name, given or fed by a node that has one; some nodes keep it in an object, beside a picture.
    pub(super) fn name(&self, node: Node<'a>, input: &str) -> Option<String> {
        let read = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Object(fields) => Fields(fields).text(&["content", "value", "name", "__value__"]),
            _ => None,
        };
        self.value(node, input, &read)
            .filter(|name| !matches!(name.as_str(), "" | "None"))
    }

    /// What is true or not, given or fed by a node that has it.
    pub(super) fn truth(&self, node: Node<'a>, input: &str) -> Option<bool> {
        let read = |value: &Value| match value {
            Value::Bool(is_true) => Some(*is_true),
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_f64().map(|number| number != 0.0),
            _ => None,
        };
        self.value(node, input, &read)
    }

    fn value<T>(&self, node: Node<'a>, input: &str, read: &dyn Fn(&Value) -> Option<T>) -> Option<T> {
        let value = node.inputs.0.get(input)?;
        if !value.is_array() {
            return read(value);
        }
        let (source, _) = self.source(node, input)?;
        if let Some(chosen) = self.chosen(source) {
            return self.value(source, chosen, read);
        }
        if choice::computes(source.class) {
            return None; // what came of it is not written
        }
        let same_name = self.value(source, input, read);
        let other_name = || {
            let names = OTHER_NAMES.iter().filter(|(name, _)| *name == input);
            let mut names = names.flat_map(|(_, others)| *others).chain(HOLDERS);
            names.find_map(|name| self.value(source, name, read))
        };
        let passed_on = || {
            let context = CONTEXTS.iter().find(|name| source.is_linked(name))?;
            let (before, _) = self.source(source, context)?;
            self.value(before, input, read)
        };
        let alone = || {
            let mut given = source.inputs.0.values().filter(|value| !value.is_array());
            let found = given.find_map(read)?;
            given.all(|value| read(value).is_none()).then_some(found)
        };
        same_name.or_else(other_name).or_else(passed_on).or_else(alone)
    }
}
