//! Nodes that pass on one of several inputs, and nodes that make something new, which no graph writes down.

use serde_json::Value;

use super::node::Node;

/// Inputs between which a condition chooses: if it holds, and if not.
const PAIRS: [(&str, &str); 5] = [
    ("on_true", "on_false"),
    ("tt_value", "ff_value"),
    ("if_true", "if_false"),
    ("true_value", "false_value"),
    ("input_true", "input_false"),
];
const CONDITIONS: [&str; 6] = ["switch", "cond", "condition", "boolean", "boolean_switch", "value"];
/// Inputs that say the number of the chosen one.
const SELECTORS: [&str; 5] = ["select", "Input", "input", "index", "selector"];
/// Parts of the names of nodes that give what cannot be known from the graph.
const COMPUTING: [&str; 20] = [
    "math",
    "expression",
    "calc",
    "random",
    "regex",
    "extract",
    "json",
    "textgenerate",
    "llm",
    "llava",
    "gemini",
    "openai",
    "claude",
    "gpt",
    "caption",
    "florence",
    "interrogat",
    "tagger",
    "ollama",
    "joycaption",
];

/// The input that a node passes on, if it is one that chooses.
///
/// * `truth`, `whole`: what stands in an input of it.
pub(super) fn chosen<'a>(
    node: Node<'a>,
    truth: &dyn Fn(&str) -> Option<bool>,
    whole: &dyn Fn(&str) -> Option<u64>,
) -> Option<&'a str> {
    let has = |name: &str| node.inputs.0.contains_key(name);
    let own = |name: &str| node.inputs.0.get_key_value(name).map(|(key, _)| key.as_str());
    if let Some((yes, no)) = PAIRS.iter().find(|(yes, no)| has(yes) || has(no)) {
        let mut said = CONDITIONS.iter().filter(|name| has(name));
        let is_true = said.find_map(|name| truth(name))?;
        return own(if is_true { yes } else { no });
    }
    if node.class.starts_with("Reroute") {
        return linked(node).next();
    }
    if !node.is_any(&["switch", "select", "branch", "mux"]) {
        return None;
    }
    if node.is_any(&["any switch", "anyswitch"]) {
        return linked(node).next(); // the first that is fed at all
    }
    let selector = SELECTORS.iter().find(|name| has(name))?;
    let number = whole(selector)?.to_string();
    let is_chosen = |key: &&str| {
        let name = key.strip_suffix(number.as_str());
        name.is_some_and(|name| !name.is_empty() && !name.ends_with(|c: char| c.is_ascii_digit() && c != '0'))
    };
    let inputs = node.inputs.0.keys().map(String::as_str).filter(|key| key != selector);
    inputs.into_iter().find(is_chosen)
}

/// Whether a node of that class makes something that is not written into the graph.
pub(super) fn computes(class: &str) -> bool {
    let class = class.to_lowercase();
    COMPUTING.iter().any(|word| class.contains(word))
}

/// The inputs that are fed by nodes.
fn linked(node: Node<'_>) -> impl Iterator<Item = &str> {
    let inputs = node.inputs.0.iter();
    inputs
        .filter(|(_, value)| value.is_array() && *value != &Value::Array(Vec::new()))
        .map(|(key, _)| key.as_str())
}
