//! Reading a file of settings field by field, so that one wrong field costs that field alone.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Puts every field of `read` into `target` that it can be made of, and of those that it cannot, each part that it can.
/// Returns the paths of those left out, such as `window.size`. Fields that `target` does not know are not among them.
pub fn take_fields<T: Serialize + DeserializeOwned>(target: &mut T, read: &Value) -> Vec<String> {
    let mut left_out = Vec::new();
    take_below(target, read, &[], &mut left_out);
    left_out
}

fn take_below<T: Serialize + DeserializeOwned>(
    target: &mut T,
    read: &Value,
    path: &[&str],
    left_out: &mut Vec<String>,
) {
    let Value::Object(fields) = read else {
        left_out.push(path.join("."));
        return;
    };
    for (name, value) in fields {
        let path = [path, &[name.as_str()]].concat();
        let with_field = serde_json::to_value(&*target).ok().and_then(|mut whole| {
            let (last, parents) = path.split_last()?;
            let parent = parents.iter().try_fold(&mut whole, |object, name| {
                Some(object_in(object)?.entry(*name).or_insert(Value::Null))
            });
            object_in(parent?)?.insert((*last).to_owned(), value.clone());
            Some(whole)
        });
        match with_field.map(serde_json::from_value) {
            Some(Ok(taken)) => *target = taken,
            Some(Err(_)) => take_below(target, value, &path, left_out),
            None => left_out.push(path.join(".")),
        }
    }
}

/// The fields of a value; of one that is missing so far they are made.
fn object_in(value: &mut Value) -> Option<&mut Map<String, Value>> {
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut()
}
