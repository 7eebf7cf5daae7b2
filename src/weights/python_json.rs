//! JSON as Python writes it, with numbers that JSON does not have.

use serde::de::DeserializeOwned;

/// Reads JSON in which `NaN`, `Infinity` and `-Infinity` may stand for numbers, as in the configurations of diffusers;
/// they are taken for `null`.
///
/// # Errors
/// If it is not JSON even so, or not a `T`.
pub fn from_python_json<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    match serde_json::from_slice(bytes) {
        Err(error) if error.is_syntax() => serde_json::from_slice(&without_non_finite(bytes)),
        outcome => outcome,
    }
}

fn without_non_finite(bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(bytes.len()), bytes);
    let (mut in_string, mut escaped) = (false, false);
    while let Some((&byte, tail)) = rest.split_first() {
        let name = ["-Infinity", "Infinity", "NaN"]
            .iter()
            .find(|name| !in_string && rest.starts_with(name.as_bytes()));
        if let Some(name) = name {
            out.extend(b"null");
            rest = &rest[name.len()..];
            continue;
        }
        let is_quote = byte == b'"' && !escaped;
        escaped = in_string && byte == b'\\' && !escaped;
        in_string ^= is_quote;
        out.push(byte);
        rest = tail;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn numbers_that_json_lacks_should_be_null_but_stay_in_strings() {
        let text = br#"{"a": -Infinity, "b": [NaN, 1, Infinity], "c": "NaN \" Infinity", "d": -1.5}"#;
        let found: Value = from_python_json(text).unwrap();
        assert_eq!(
            found,
            json!({"a": null, "b": [null, 1, null], "c": "NaN \" Infinity", "d": -1.5})
        );
    }

    #[test]
    fn what_is_no_json_at_all_should_still_be_refused() {
        assert!(from_python_json::<Value>(b"{NaN: 1}").is_err());
        assert!(from_python_json::<Value>(b"\"open").is_err());
    }
}
