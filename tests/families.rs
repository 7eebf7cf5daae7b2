//! U-Nets beyond Stable Diffusion's: what they take, and what they refuse.

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;

use hareru::models::unet::{
    ClassCondition, Motion, MotionAdapter, MotionConfig, PixelUNetConfig, UNet2DConditionModel, UNet2DModel,
    UNetConditions, UNetConfig,
};

fn zeros() -> VarBuilder<'static> {
    VarBuilder::zeros(DType::F32, &Device::Cpu)
}

fn ones(shape: &[usize]) -> Tensor {
    Tensor::ones(shape, DType::F32, &Device::Cpu).unwrap()
}

fn pixel(fields: &str) -> candle_core::Result<UNet2DModel> {
    let config = format!(
        r#"{{"block_out_channels": [8, 16], "norm_num_groups": 4, "layers_per_block": 1,
            "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
            "up_block_types": ["AttnUpBlock2D", "UpBlock2D"]{fields}}}"#
    );
    let config: PixelUNetConfig = serde_json::from_str(&config).unwrap();
    UNet2DModel::new(zeros(), &config)
}

fn conditional(fields: &str) -> (UNetConfig, candle_core::Result<UNet2DConditionModel>) {
    let config = format!(
        r#"{{"block_out_channels": [8, 16], "norm_num_groups": 4, "layers_per_block": 1, "attention_head_dim": 4,
            "cross_attention_dim": 6{fields}}}"#
    );
    let config: UNetConfig = serde_json::from_str(&config).unwrap();
    let model = UNet2DConditionModel::new(zeros(), &config);
    (config, model)
}

const CROSS: &str = r#", "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"]"#;

#[test]
fn classes_should_be_held_to_those_the_model_knows() {
    let x = ones(&[2, 3, 8, 8]);
    let model = pixel(r#", "num_class_embeds": 3"#).unwrap();
    let labels = |labels: &[u32]| model.forward(&x, &[5.0], Some(ClassCondition::Labels(labels)));
    assert_eq!(labels(&[2]).unwrap().dims(), x.dims());
    assert_eq!(labels(&[0, 1]).unwrap().dims(), x.dims());
    assert!(labels(&[3]).is_err(), "class 3 of 3");
    assert!(model.forward(&x, &[5.0], None).is_err(), "no class");
    let vector = ones(&[1, 32]);
    let class = Some(ClassCondition::Vector(&vector));
    assert!(model.forward(&x, &[5.0], class).is_err(), "a vector for a table");
    let without = pixel("").unwrap();
    assert!(without.forward(&x, &[5.0], None).is_ok());
    let class = Some(ClassCondition::Labels(&[0]));
    assert!(
        without.forward(&x, &[5.0], class).is_err(),
        "a class for a model without"
    );
}

#[test]
fn sizes_that_halving_has_to_round_should_be_met_on_the_way_up() {
    for kinds in [
        "",
        r#", "downsample_padding": 0"#,
        r#", "downsample_type": "resnet", "upsample_type": "resnet""#,
        r#", "resnet_time_scale_shift": "scale_shift", "add_attention": false"#,
        r#", "mid_block_type": null"#,
        r#", "attention_head_dim": 5"#, // three heads of the sixteen channels, one is left over
    ] {
        let model = pixel(kinds).unwrap();
        let x = ones(&[1, 3, 9, 6]);
        assert_eq!(model.forward(&x, &[1.0], None).unwrap().dims(), x.dims(), "{kinds}");
    }
}

#[test]
fn what_is_not_there_should_be_refused_by_its_name() {
    for (fields, named) in [
        (r#", "time_embedding_type": "fourier""#, "time_embedding_type"),
        (r#", "class_embed_type": "other""#, "class_embed_type"),
        (r#", "num_class_embeds": 0"#, "num_class_embeds"),
        (r#", "attention_head_dim": 32"#, "attention_head_dim"),
        (r#", "norm_num_groups": 0"#, "norm_num_groups"),
        (r#", "mid_block_type": "Other""#, "mid_block_type"),
        (r#", "layers_per_block": 0"#, "layers_per_block"),
        (r#", "freq_shift": 4"#, "freq_shift"),
    ] {
        // No field may be given twice.
        let config = format!(
            r#"{{"block_out_channels": [8, 16], "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
                "up_block_types": ["AttnUpBlock2D", "UpBlock2D"]{}{fields}}}"#,
            if fields.contains("norm_num_groups") {
                ""
            } else {
                r#", "norm_num_groups": 4"#
            }
        );
        let config: PixelUNetConfig = serde_json::from_str(&config).unwrap();
        let error = UNet2DModel::new(zeros(), &config).unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn pixels_may_look_at_the_text_alone() {
    let (_, model) = conditional(&format!(r#"{CROSS}, "only_cross_attention": [true, false]"#));
    let model = model.unwrap();
    let (x, text) = (ones(&[1, 4, 4, 4]), ones(&[1, 5, 6]));
    let y = model.forward(&x, &[1.0], UNetConditions::text(&text)).unwrap();
    assert_eq!(y.dims(), x.dims());
}

#[test]
fn text_and_pixels_may_be_looked_at_together() {
    let kinds = r#", "down_block_types": ["ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"],
        "mid_block_type": "UNetMidBlock2DSimpleCrossAttn", "resnet_time_scale_shift": "scale_shift",
        "up_block_types": ["SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"], "class_embed_type": "identity""#;
    let model = conditional(kinds).1.unwrap();
    let (x, text) = (ones(&[1, 4, 5, 7]), ones(&[1, 5, 6]));
    let (class, mask) = (ones(&[1, 32]), ones(&[1, 5]));
    let told = UNetConditions {
        class: Some(ClassCondition::Vector(&class)),
        context_mask: Some(&mask),
        ..UNetConditions::text(&text)
    };
    assert_eq!(model.forward(&x, &[1.0], told).unwrap().dims(), x.dims());
    let narrow = ones(&[1, 31]);
    let told = UNetConditions {
        class: Some(ClassCondition::Vector(&narrow)),
        ..told
    };
    assert!(model.forward(&x, &[1.0], told).is_err(), "31 channels for 32");
}

#[test]
fn films_should_be_as_long_as_the_adapter_knows() {
    let (unet, model) = conditional(CROSS);
    let model = model.unwrap();
    let config = |layers: usize| MotionConfig {
        block_out_channels: vec![8, 16],
        motion_layers_per_block: hareru::models::PerBlock::All(layers),
        motion_num_attention_heads: hareru::models::PerBlock::All(2),
        motion_max_seq_length: 3,
        ..MotionConfig::default()
    };
    let adapter = MotionAdapter::new(zeros(), &config(1), &unet).unwrap();
    let film = |pictures: usize, frames: usize| {
        let text = ones(&[pictures, 5, 6]);
        let told = UNetConditions {
            motion: Some(Motion {
                adapter: &adapter,
                frames,
            }),
            ..UNetConditions::text(&text)
        };
        model.forward(&ones(&[pictures, 4, 4, 4]), &[1.0], told)
    };
    assert!(film(6, 3).is_ok(), "two films of three frames");
    assert!(film(4, 4).is_err(), "four frames for three");
    assert!(film(4, 3).is_err(), "a film and a third");
    assert!(film(2, 0).is_err(), "no frames");
    let error = MotionAdapter::new(zeros(), &config(2), &unet).unwrap_err().to_string();
    assert!(error.contains("motion_layers_per_block"), "{error}");
}
