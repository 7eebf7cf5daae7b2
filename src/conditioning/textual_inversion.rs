//! Words added to a text encoder's vocabulary by textual inversion files.

use std::path::PathBuf;

use candle_core::Tensor;

use super::{ClipTokenizer, ConditioningError, LearnedWords};
use crate::models::clip::ClipTextModel;
use crate::weights::adapter::{AdapterError, EmbeddingFile, EncoderTarget, LearnedWord};

/// Adds the words of these files to the vocabularies in place of all words added before.
///
/// * `encoders`: each with its tokenizer; the second of two comes second.
///
/// # Errors
/// [`ConditioningError::Adapter`] if a file cannot be read, has rows for none of the encoders, or claims a word twice: then
/// nothing has changed.
pub(super) fn set_learned_words(
    encoders: &mut [(&mut ClipTokenizer, &mut ClipTextModel)],
    files: &[PathBuf],
) -> Result<(), ConditioningError> {
    let mut learned: Vec<Vec<LearnedWord>> = vec![Vec::new(); encoders.len()];
    for path in files {
        for word in EmbeddingFile::open(path)?.words {
            let widths = encoders.iter().map(|(_, model)| model.config().hidden_size);
            let place = place_of(&word, widths.clone()).ok_or_else(|| AdapterError::OtherWidth {
                name: word.name.clone(),
                expected: widths.map(|width| width.to_string()).collect::<Vec<_>>().join(" or "),
                found: word.rows.dims()[1],
                path: path.clone(),
            })?;
            if learned[place]
                .iter()
                .any(|other| other.word.eq_ignore_ascii_case(&word.word))
            {
                let (word, path) = (word.word, path.clone());
                return Err(AdapterError::WordTaken { word, path }.into());
            }
            learned[place].push(word);
        }
    }
    for ((tokenizer, model), words) in encoders.iter_mut().zip(learned) {
        let mut next = model.config().vocab_size as u32;
        let numbered = words.iter().map(|word| {
            let ids = next..next + word.rows.dims()[0] as u32;
            next = ids.end;
            (word.word.clone(), ids)
        });
        let numbered = LearnedWords::new(numbered.collect::<Vec<_>>());
        let rows: Vec<&Tensor> = words.iter().map(|word| &word.rows).collect();
        let rows = (!rows.is_empty()).then(|| Tensor::cat(&rows, 0)).transpose()?;
        model.set_learned(rows.as_ref())?;
        tokenizer.set_learned(numbered);
    }
    Ok(())
}

/// The encoder that the rows are for.
fn place_of(word: &LearnedWord, mut widths: impl Iterator<Item = usize>) -> Option<usize> {
    let width = word.rows.dims()[1];
    match word.tower {
        EncoderTarget::Any => widths.position(|found| found == width),
        EncoderTarget::First => (widths.next() == Some(width)).then_some(0),
        EncoderTarget::Second => (widths.nth(1) == Some(width)).then_some(1),
    }
}
