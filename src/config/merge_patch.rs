//! What has changed between two JSON values, as a JSON Merge Patch (RFC 7396): objects are changed field by field, `null`
//! takes a field away, anything else takes the place of what was there.

use serde_json::{Map, Value};

/// The patch that makes `to` of `from`; an empty object if they are equal.
pub(super) fn difference(from: &Map<String, Value>, to: &Map<String, Value>) -> Map<String, Value> {
    let gone = from.keys().filter(|name| !to.contains_key(*name));
    let mut patch: Map<String, Value> = gone.map(|name| (name.clone(), Value::Null)).collect();
    for (name, value) in to {
        match (from.get(name), value) {
            (Some(before), now) if before == now => {}
            (Some(Value::Object(before)), Value::Object(now)) => {
                patch.insert(name.clone(), Value::Object(difference(before, now)));
            }
            (_, now) => {
                patch.insert(name.clone(), now.clone());
            }
        }
    }
    patch
}

/// Changes `target` as `patch` says.
pub(super) fn apply(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.remove(name);
            }
            Value::Object(fields) => {
                let below = target.entry(name.clone()).or_insert(Value::Null);
                if !below.is_object() {
                    *below = Value::Object(Map::new());
                }
                if let Value::Object(below) = below {
                    apply(below, fields);
                }
            }
            value => {
                target.insert(name.clone(), value.clone());
            }
        }
    }
}

/// Makes one patch of two: `earlier`, then `later`.
pub(super) fn join(earlier: &mut Map<String, Value>, later: Map<String, Value>) {
    for (name, value) in later {
        match (earlier.get_mut(&name), value) {
            (Some(Value::Object(before)), Value::Object(now)) => join(before, now),
            (_, now) => {
                earlier.insert(name, now);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(fields) = value else {
            panic!("expected an object, found {value}")
        };
        fields
    }

    #[test]
    fn a_patch_should_change_what_differs_and_nothing_else() {
        for (from, to, patch) in [
            (json!({}), json!({}), json!({})),
            (json!({"a": 1, "b": [1]}), json!({"a": 1, "b": [1]}), json!({})),
            (json!({"a": 1}), json!({"a": 2, "b": true}), json!({"a": 2, "b": true})),
            (json!({"a": 1, "b": 2}), json!({"b": 2}), json!({"a": null})),
            (json!({"a": [1, 2]}), json!({"a": [1]}), json!({"a": [1]})),
            (
                json!({"keys": {"x": "Ctrl+X", "y": "Y"}}),
                json!({"keys": {"y": "Y", "z": ""}}),
                json!({"keys": {"x": null, "z": ""}}),
            ),
            (json!({"a": 1}), json!({"a": {"b": 1}}), json!({"a": {"b": 1}})),
            (json!({"a": {"b": 1}}), json!({"a": "c"}), json!({"a": "c"})),
        ] {
            let (from, to) = (object(from), object(to));
            let found = difference(&from, &to);
            assert_eq!(found, object(patch), "from {from:?} to {to:?}");
            let mut target = from;
            apply(&mut target, &found);
            assert_eq!(target, to);
        }
    }

    #[test]
    fn two_patches_joined_should_do_what_they_do_one_after_the_other() {
        let states = [
            json!({"a": 1, "keys": {"x": "X"}}),
            json!({"a": 2, "keys": {"x": "X", "y": "Y"}}),
            json!({"b": 3, "keys": {"y": "Z"}}),
            json!({"a": 4, "b": 3, "keys": {}}),
        ]
        .map(object);
        let mut joined = Map::new();
        for pair in states.windows(2) {
            join(&mut joined, difference(&pair[0], &pair[1]));
        }
        let mut target = states[0].clone();
        target.insert("other".to_owned(), json!("stays"));
        apply(&mut target, &joined);
        let mut expected = states[3].clone();
        expected.insert("other".to_owned(), json!("stays"));
        assert_eq!(target, expected);
    }
}
