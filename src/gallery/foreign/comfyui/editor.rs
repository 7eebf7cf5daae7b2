//! The graph as the editor keeps it, turned into the one that is run.
//!
//! | the editor | what is run |
//! |---|---|
//! | `nodes`, each with `widgets_values` in the order of its fields | `inputs` by name ([`widgets`](super::widgets)) |
//! | `links`, by number | `["4", 0]` |
//! | a node of `definitions.subgraphs` | the nodes inside, as `"75:61"`; its own values come before theirs |
//! | nodes that are switched off, reroutes, `PrimitiveNode`, `GetNode` | what they pass on |
//!
//! Source: <https://docs.comfy.org/specs/workflow_json>, <https://docs.comfy.org/interface/features/subgraph>

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::widgets::named_values;
use crate::gallery::foreign::fields::Fields;

/// Most nodes, inputs and links that are looked at, those inside others each as often as they are used.
const MAX_ITEMS: usize = 200_000;
/// Most inputs of nodes that are switched off that are looked at.
const MAX_ALIKE: usize = 1 << 20;
/// Most bytes of values that are taken over.
const MAX_BYTES: usize = 16 << 20;
/// Longest way from link to link.
const MAX_HOPS: usize = 200;
/// Deepest nesting of graphs in graphs.
const MAX_DEPTH: usize = 16;
/// How nodes are run: `mode` of those that are not, and of those that pass on what they are fed.
const MUTED: u64 = 2;
const BYPASSED: u64 = 4;

/// The graph that is run; `None` if this is not one of the editor.
pub(super) fn graph_of(json: Fields<'_>) -> Option<Map<String, Value>> {
    let mut editor = Editor::new(json)?;
    editor.expand(json, String::new(), None, 0);
    Some(editor.run())
}

/// The nodes of one graph, or of one use of a graph in another.
struct Level<'a> {
    /// What the names of its nodes begin with.
    prefix: String,
    nodes: Vec<(String, Fields<'a>)>,
    by_id: HashMap<String, Fields<'a>>,
    /// The node and the output at the beginning of each link.
    links: HashMap<u64, (String, usize)>,
    /// The outputs of the graph: the beginning of their links.
    outputs: HashMap<usize, (String, usize)>,
    /// The links of `SetNode`s by their names.
    set: HashMap<&'a str, u64>,
    /// Where it is used.
    user: Option<User<'a>>,
}

/// Where a graph is used in another one.
struct User<'a> {
    level: usize,
    /// The names of its inputs, in order.
    inputs: Vec<Option<&'a str>>,
    /// The links that feed them there.
    links: HashMap<&'a str, u64>,
    /// The values that they have there, by their places.
    values: HashMap<usize, &'a Value>,
}

impl<'a> User<'a> {
    fn new(level: usize, node: Fields<'a>, definition: Fields<'a>) -> Self {
        let linked = |input: Fields<'a>| Some((name_of(input)?, link_of(input)?));
        Self {
            level,
            inputs: list(definition, "inputs")
                .into_iter()
                .flatten()
                .map(|input| name_of(Fields::of(input)?))
                .collect(),
            links: objects(node, "inputs").filter_map(linked).collect(),
            values: promoted(definition, node),
        }
    }
}

/// What feeds an input.
enum Feed {
    Link(String, usize),
    Value(Value),
}

struct Editor<'a> {
    definitions: HashMap<&'a str, Fields<'a>>,
    levels: Vec<Level<'a>>,
    /// The level of a node that is a graph itself.
    inside: HashMap<(usize, String), usize>,
    num_items: usize,
    num_alike: Cell<usize>,
}

impl<'a> Editor<'a> {
    fn new(json: Fields<'a>) -> Option<Self> {
        json.0.get("nodes")?.as_array()?;
        let definitions = json.object("definitions");
        let definitions = definitions.into_iter().flat_map(|all| objects(all, "subgraphs"));
        Some(Self {
            definitions: definitions
                .filter_map(|definition| Some((definition.0.get("id")?.as_str()?, definition)))
                .collect(),
            levels: Vec::new(),
            inside: HashMap::new(),
            num_items: 0,
            num_alike: Cell::new(0),
        })
    }

    /// Takes in a graph with all that it uses; its number.
    fn expand(&mut self, graph: Fields<'a>, prefix: String, user: Option<User<'a>>, depth: usize) -> usize {
        let mut level = Level {
            prefix,
            nodes: Vec::new(),
            by_id: HashMap::new(),
            links: HashMap::new(),
            outputs: HashMap::new(),
            set: HashMap::new(),
            user,
        };
        let output = graph.object("outputNode").and_then(|node| id_of(node.0.get("id")?));
        for link in list(graph, "links").into_iter().flatten().filter_map(Link::of) {
            self.num_items += 1;
            if level.user.is_some() && Some(&link.to) == output.as_ref() {
                level.outputs.insert(link.to_slot, (link.from.clone(), link.from_slot));
            }
            level.links.insert(link.id, (link.from, link.from_slot));
        }
        for node in objects(graph, "nodes") {
            self.num_items += 1 + list(node, "inputs").map_or(0, Vec::len);
            if self.num_items > MAX_ITEMS {
                break;
            }
            if class(node) == Some("SetNode")
                && let Some(name) = first_value(node).and_then(Value::as_str)
                && let Some(link) = objects(node, "inputs").next().and_then(link_of)
            {
                level.set.insert(name, link);
            }
            if let Some(id) = node.0.get("id").and_then(id_of) {
                level.by_id.insert(id.clone(), node);
                level.nodes.push((id, node));
            }
        }
        let number = self.levels.len();
        let used = level.nodes.iter();
        let used = used.filter_map(|(id, node)| Some((id.clone(), *node, *self.definitions.get(class(*node)?)?)));
        let used: Vec<(String, Fields<'a>, Fields<'a>)> = used.collect();
        let prefix = level.prefix.clone();
        self.levels.push(level);
        for (id, node, definition) in used {
            if depth < MAX_DEPTH && self.num_items <= MAX_ITEMS {
                let user = User::new(number, node, definition);
                let inner = self.expand(definition, format!("{prefix}{id}:"), Some(user), depth + 1);
                self.inside.insert((number, id), inner);
            }
        }
        number
    }

    /// All nodes that are run, with what they are fed.
    fn run(&self) -> Map<String, Value> {
        let mut nodes = Map::new();
        let mut num_bytes = 0;
        for (number, level) in self.levels.iter().enumerate() {
            for (id, node) in &level.nodes {
                let Some(class) = class(*node).filter(|class| !self.definitions.contains_key(class)) else {
                    continue;
                };
                if matches!(mode(*node), MUTED | BYPASSED) || num_bytes > MAX_BYTES {
                    continue;
                }
                let mut inputs = named_values(class, *node);
                for input in objects(*node, "inputs") {
                    let Some(name) = name_of(input) else { continue };
                    let fed = match link_of(input).and_then(|link| self.feed(number, link)) {
                        Some(Feed::Link(id, slot)) => json!([id, slot]),
                        Some(Feed::Value(value)) => value,
                        None => continue,
                    };
                    inputs.insert(name.to_owned(), fed);
                }
                num_bytes += inputs
                    .iter()
                    .map(|(key, value)| key.len() + value.as_str().map_or(8, str::len))
                    .sum::<usize>();
                let node = json!({ "class_type": class, "inputs": inputs });
                nodes.insert(format!("{}{id}", level.prefix), node);
            }
        }
        nodes
    }

    /// The input that a node which is switched off passes on to an output: the one of the same kind.
    fn alike(&self, node: Fields<'a>, slot: usize) -> Option<Fields<'a>> {
        let kind = Fields::of(list(node, "outputs")?.get(slot)?)?.0.get("type")?;
        let inputs = list(node, "inputs")?;
        self.num_alike.set(self.num_alike.get() + inputs.len());
        let input = |place: usize| inputs.get(place).and_then(Fields::of);
        let is_alike = |input: &Fields<'_>| input.0.get("type") == Some(kind);
        let same_place = input(slot).filter(is_alike);
        let mut all = (0..inputs.len()).filter_map(input);
        let found = same_place.or_else(|| all.find(is_alike));
        found.filter(|_| self.num_alike.get() <= MAX_ALIKE)
    }

    /// What a link brings, through all that only passes on.
    fn feed(&self, number: usize, link: u64) -> Option<Feed> {
        let mut number = number;
        let (mut id, mut slot) = self.levels.get(number)?.links.get(&link)?.clone();
        for _ in 0..MAX_HOPS {
            let level = self.levels.get(number)?;
            let Some(node) = level.by_id.get(&id).copied() else {
                // The inputs of a graph come from where it is used.
                let user = level.user.as_ref()?;
                let name = (*user.inputs.get(slot)?)?;
                let Some(link) = user.links.get(name) else {
                    return user.values.get(&slot).map(|value| Feed::Value((*value).clone()));
                };
                number = user.level;
                (id, slot) = self.levels.get(number)?.links.get(link)?.clone();
                continue;
            };
            let class = class(node)?;
            let passed_on = match (mode(node), class) {
                (MUTED, _) => return None,
                (BYPASSED, _) => link_of(self.alike(node, slot)?)?,
                (_, "Reroute") => link_of(objects(node, "inputs").next()?)?,
                (_, "PrimitiveNode") => return first_value(node).cloned().map(Feed::Value),
                (_, "GetNode") => *level.set.get(first_value(node)?.as_str()?)?,
                _ => {
                    let Some(inside) = self.inside.get(&(number, id.clone())) else {
                        return Some(Feed::Link(format!("{}{id}", level.prefix), slot));
                    };
                    number = *inside;
                    (id, slot) = self.levels.get(number)?.outputs.get(&slot)?.clone();
                    continue;
                }
            };
            (id, slot) = level.links.get(&passed_on)?.clone();
        }
        None
    }
}

/// The values of a graph's inputs where it is used, by their places. They are kept in the order of the inputs, those left
/// out that only feed what has no value of its own.
fn promoted<'a>(definition: Fields<'a>, node: Fields<'a>) -> HashMap<usize, &'a Value> {
    let Some(values) = list(node, "widgets_values").filter(|values| !values.is_empty()) else {
        return HashMap::new();
    };
    let inner = objects(definition, "nodes").flat_map(|node| objects(node, "inputs"));
    let inner = inner.filter(|input| input.0.contains_key("widget"));
    let with_value: HashSet<u64> = inner.filter_map(link_of).collect();
    let has_value = |input: Fields<'_>| {
        let mut links = list(input, "linkIds").into_iter().flatten().filter_map(Value::as_u64);
        links.any(|link| with_value.contains(&link))
    };
    let places = list(definition, "inputs").into_iter().flatten().enumerate();
    let places = places.filter(|(_, input)| Fields::of(input).is_some_and(has_value));
    let places: Vec<usize> = places.map(|(place, _)| place).collect();
    if places.len() != values.len() {
        return HashMap::new(); // of an editor that kept them otherwise
    }
    places
        .into_iter()
        .zip(values)
        .filter(|(_, value)| !value.is_null())
        .collect()
}

/// A link, written as a list or, in graphs inside others, as an object.
struct Link {
    id: u64,
    from: String,
    from_slot: usize,
    to: String,
    to_slot: usize,
}

impl Link {
    fn of(value: &Value) -> Option<Self> {
        let at = |place: usize, name: &str| value.get(place).or_else(|| value.get(name));
        let slot = |place, name| at(place, name).and_then(Value::as_u64).map(|slot| slot as usize);
        Some(Self {
            id: at(0, "id")?.as_u64()?,
            from: id_of(at(1, "origin_id")?)?,
            from_slot: slot(2, "origin_slot")?,
            to: id_of(at(3, "target_id")?)?,
            to_slot: slot(4, "target_slot")?,
        })
    }
}

fn list<'a>(fields: Fields<'a>, key: &str) -> Option<&'a Vec<Value>> {
    fields.0.get(key)?.as_array()
}

fn objects<'a>(fields: Fields<'a>, key: &str) -> impl Iterator<Item = Fields<'a>> + use<'a> {
    list(fields, key).into_iter().flatten().filter_map(Fields::of)
}

fn first_value(node: Fields<'_>) -> Option<&Value> {
    list(node, "widgets_values")?.first()
}

fn name_of(input: Fields<'_>) -> Option<&str> {
    input.0.get("name")?.as_str()
}

fn class(node: Fields<'_>) -> Option<&str> {
    node.0.get("type")?.as_str()
}

fn mode(node: Fields<'_>) -> u64 {
    node.whole(&["mode"]).unwrap_or(0)
}

fn link_of(input: Fields<'_>) -> Option<u64> {
    input.whole(&["link"])
}

fn id_of(id: &Value) -> Option<String> {
    match id {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}
