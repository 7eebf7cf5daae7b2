//! Embeddings of weighed and long prompts against a Python computation of the rules, `tests/fixtures/prompts/make.py`.

use std::path::Path;

use candle_core::{DType, Device, Tensor};
use hareru::conditioning::{Conditioning, EmbeddingLayer, Prompts, TextEncoders};
use hareru::prompt::{Emphasis, Moment, PromptSyntax, PromptText, Role};
use hareru::weights::ModelFiles;

/// Largest difference of any number, as a part of the largest number: a mean near 0 is divided by, which makes all of them larger.
const TOLERANCE: f64 = 1e-5;

fn fixtures() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"))
}

fn encoders(model: &str) -> TextEncoders {
    let files = ModelFiles::open(fixtures().join("reference/models").join(model)).unwrap();
    let layer = if model.starts_with("sdxl") {
        EmbeddingLayer::Penultimate {
            zeros_when_none: true,
            with_scores: false,
        }
    } else {
        EmbeddingLayer::Last
    };
    TextEncoders::load(&files, layer, &Device::Cpu, DType::F32).unwrap().0
}

/// What a prompt says at the first of ten steps.
fn read(prompt: &str) -> PromptText {
    let moment = Moment {
        step: 0,
        passes: [10, 0],
    };
    PromptText::at(prompt, (PromptSyntax::A1111, Role::Prompt), moment)
}

fn encode(encoders: &TextEncoders, prompt: PromptText, emphasis: Emphasis) -> Conditioning {
    let prompts = Prompts {
        emphasis,
        ..Prompts::of_texts([prompt, read("")], [64; 2])
    };
    encoders.encode(&prompts).unwrap()
}

fn distance(a: &Tensor, b: &Tensor) -> f64 {
    let [a, b] = [a, b].map(|numbers| numbers.to_dtype(DType::F64).unwrap());
    let largest = |numbers: &Tensor| -> f64 { numbers.abs().unwrap().max_all().unwrap().to_scalar().unwrap() };
    largest(&(a - &b).unwrap()) / largest(&b).max(1.0)
}

fn bits(embeds: &Tensor) -> Vec<u32> {
    let values = embeds.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    values.into_iter().map(f32::to_bits).collect()
}

#[test]
fn embeddings_should_equal_those_of_another_implementation_of_the_rules() {
    let folder = fixtures().join("prompts");
    let cases: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("cases.json")).unwrap()).unwrap();
    let expected = candle_core::safetensors::load(folder.join("expected.safetensors"), &Device::Cpu).unwrap();
    let cases = cases.as_array().unwrap();
    assert!(cases.len() >= 20, "the cases are not there");
    let (mut loaded, mut encoders_of) = (String::new(), None);
    for (number, case) in cases.iter().enumerate() {
        let text = |field: &str| case[field].as_str().unwrap();
        if loaded != text("model") {
            loaded = text("model").to_owned();
            encoders_of = Some(encoders(&loaded));
        }
        let emphasis = serde_json::from_value(case["emphasis"].clone()).unwrap();
        let got = encode(encoders_of.as_ref().unwrap(), read(text("prompt")), emphasis);
        let wanted = &expected[&format!("{number}.context")];
        assert_eq!(got.cond.context.dims(), wanted.dims(), "{case}");
        let off = distance(&got.cond.context, wanted);
        assert!(off < TOLERANCE, "{case}: {off} off");
        if let Some(pooled) = expected.get(&format!("{number}.pooled")) {
            let off = distance(&got.cond.added.unwrap().pooled, pooled);
            assert!(off < TOLERANCE, "{case}: pooled is {off} off");
        }
    }
}

#[test]
fn a_plain_prompt_should_be_the_same_in_either_syntax_bit_by_bit() {
    let encoders = encoders("sd15");
    for prompt in ["a fox at dawn", "", "owl, lake; \"moon\""] {
        let literal = encode(&encoders, PromptText::Literal(prompt.to_owned()), Emphasis::KeepMean);
        for emphasis in [Emphasis::KeepMean, Emphasis::Interpolate] {
            let read = encode(&encoders, read(prompt), emphasis);
            assert_eq!(read.prompt_ids, literal.prompt_ids, "{prompt}");
            assert_eq!(bits(&read.cond.context), bits(&literal.cond.context), "{prompt}");
        }
    }
}

#[test]
fn a_literal_prompt_should_be_cut_and_its_signs_be_signs() {
    let encoders = encoders("sd15");
    let long = "fox owl moon ".repeat(30);
    for prompt in [long.as_str(), "a (fox:1.3) BREAK [moon] AND a lake", "a [fox:owl:0.5]"] {
        let literal = encode(&encoders, PromptText::Literal(prompt.to_owned()), Emphasis::KeepMean);
        assert_eq!(literal.cond.context.dims()[1], 77, "{prompt}");
        assert!(!literal.is_composed() && literal.both.is_some());
        let read = encode(&encoders, read(prompt), Emphasis::KeepMean);
        assert_ne!(read.prompt_ids, literal.prompt_ids, "{prompt}");
    }
}

#[test]
fn a_full_chunk_should_end_at_its_last_comma_and_a_word_should_not_be_torn() {
    let encoders = encoders("sd15");
    let tokenizer = encoders.tokenizer().unwrap();
    let PromptText::Parts(parts) = read(&format!("{}, {}", "fox ".repeat(70), "owl ".repeat(30))) else {
        panic!("it was read literally");
    };
    let chunks = tokenizer.chunks(&parts[0].fragments).unwrap();
    let lengths: Vec<usize> = chunks.iter().map(|chunk| tokenizer.length(&chunk.ids)).collect();
    assert_eq!(lengths, [73, 32], "70 words, a comma, start and end; then the rest");
    let PromptText::Parts(parts) = read(&format!("{}, {}", "fox ".repeat(50), "owl ".repeat(30))) else {
        panic!("it was read literally");
    };
    let chunks = tokenizer.chunks(&parts[0].fragments).unwrap();
    let lengths: Vec<usize> = chunks.iter().map(|chunk| tokenizer.length(&chunk.ids)).collect();
    assert_eq!(
        lengths,
        [77, 8],
        "a comma that is farther away than 20 tokens does not count"
    );
}

#[test]
fn prompts_joined_by_and_should_be_encoded_one_by_one() {
    let encoders = encoders("sdxl_turbo");
    let joined = encode(
        &encoders,
        read("a fox :0.5 AND (owl:1.2) AND lake BREAK moon:-2"),
        Emphasis::KeepMean,
    );
    assert!(joined.is_composed() && joined.both.is_none());
    assert_eq!(joined.weight, 0.5);
    let weights: Vec<f64> = joined.others.iter().map(|other| other.weight).collect();
    assert_eq!(weights, [1.0, -2.0]);
    for (prompt, embeds) in [
        ("a fox", &joined.cond),
        ("(owl:1.2)", &joined.others[0].embeds),
        ("lake BREAK moon", &joined.others[1].embeds),
    ] {
        let alone = encode(&encoders, read(prompt), Emphasis::KeepMean).cond;
        assert_eq!(bits(&embeds.context), bits(&alone.context), "{prompt}");
    }
}
