//! Nodes and what they are fed.

use std::cell::Cell;

use serde_json::Value;

use crate::gallery::foreign::fields::{Fields, number, whole};

/// Nodes that are looked at before a graph is taken for endless.
const MAX_VISITS: u32 = 20_000;
/// Bytes of nodes that are looked at, each as often as it is: what a node says is read whenever a walk comes to it.
const MAX_VISITED_BYTES: usize = 16 << 20;
/// Longest way from node to node.
const MAX_DEPTH: usize = 200;

/// A graph, and how much of it has been walked.
pub(super) struct Graph<'a> {
    nodes: Fields<'a>,
    visits: Cell<u32>,
    visited_bytes: Cell<usize>,
}

/// A node.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) id: &'a str,
    pub(super) class: &'a str,
    pub(super) inputs: Fields<'a>,
    depth: usize,
}

impl Node<'_> {
    /// What it takes to look through its inputs once.
    fn num_bytes(&self) -> usize {
        let input = |(key, value): (&String, &Value)| key.len() + value.as_str().map_or(8, str::len);
        self.class.len() + self.inputs.0.iter().map(input).sum::<usize>()
    }
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
        self.nodes.0.iter().filter_map(|(id, node)| node_of(id, node, 0))
    }

    /// The node that feeds an input, and which of its outputs; `None` too where a walk goes on too long.
    pub(super) fn source(&self, node: Node<'a>, input: &str) -> Option<(Node<'a>, usize)> {
        let link = node.inputs.0.get(input)?.as_array()?;
        let id = link.first()?.as_str()?;
        let slot = link.get(1).and_then(Value::as_u64).unwrap_or(0) as usize;
        self.visits.set(self.visits.get() + 1);
        let is_spent = self.visits.get() > MAX_VISITS || self.visited_bytes.get() > MAX_VISITED_BYTES;
        if is_spent || node.depth >= MAX_DEPTH {
            return None;
        }
        let (id, found) = self.nodes.0.get_key_value(id)?;
        let found = node_of(id, found, node.depth + 1)?;
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

    /// A name, given or fed by a node that has one.
    pub(super) fn name(&self, node: Node<'a>, input: &str) -> Option<String> {
        self.value(node, input, &|value| value.as_str().map(str::to_owned))
    }

    fn value<T>(&self, node: Node<'a>, input: &str, read: &dyn Fn(&Value) -> Option<T>) -> Option<T> {
        let value = node.inputs.0.get(input)?;
        if !value.is_array() {
            return read(value);
        }
        let (source, _) = self.source(node, input)?;
        // What a node that holds a value calls it: what is asked for, `value`, `seed`, `int` …
        let same_name = self.value(source, input, read);
        same_name.or_else(|| source.inputs.0.keys().find_map(|key| self.value(source, key, read)))
    }
}

fn node_of<'a>(id: &'a str, node: &'a Value, depth: usize) -> Option<Node<'a>> {
    let node = Fields::of(node)?;
    Some(Node {
        id,
        class: node.0.get("class_type")?.as_str()?,
        inputs: node.object("inputs")?,
        depth,
    })
}
