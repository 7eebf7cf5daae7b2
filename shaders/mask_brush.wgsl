// The mask over the picture: stripes of two tones where it will be painted, so that it is seen on any picture, and a
// line along its edge.

//!include common/srgb.wgsl

struct MaskParams {
    // Where the mask's top left corner lies, in pixels of the framebuffer.
    origin: vec2f,
    // Framebuffer pixels per texel, along each side.
    scale: vec2f,
    // The two tones and the line, sRGB.
    light: vec4f,
    dark: vec4f,
    line: vec4f,
    // Width of a stripe, in pixels of the framebuffer.
    stripe: f32,
    // The most that a stripe hides, 0 to 1.
    cover: f32,
    // 1 if the framebuffer encodes to sRGB by itself.
    framebuffer_is_srgb: u32,
    padding: u32,
}

@group(0) @binding(0) var<uniform> params: MaskParams;
@group(0) @binding(1) var mask: texture_2d<f32>;

//!include common/fullscreen.wgsl

// How much is painted under a pixel of the framebuffer; nothing beyond the edges.
fn painted(pixel: vec2f) -> f32 {
    let size = vec2f(textureDimensions(mask));
    let position = floor((pixel - params.origin) / params.scale);
    if any(position < vec2f(0.0)) || any(position >= size) {
        return 0.0;
    }
    return textureLoad(mask, vec2i(position), 0).r;
}

@fragment
fn fragment_main(@builtin(position) pixel: vec4f) -> @location(0) vec4f {
    let amount = painted(pixel.xy);
    let is_light = fract((pixel.x + pixel.y) / (2.0 * params.stripe)) < 0.5;
    var colour = select(params.dark.rgb, params.light.rgb, is_light);
    var opacity = params.cover * amount;
    // The line lies inside, one pixel wide at every zoom.
    let least = min(
        min(painted(pixel.xy - vec2f(1.0, 0.0)), painted(pixel.xy + vec2f(1.0, 0.0))),
        min(painted(pixel.xy - vec2f(0.0, 1.0)), painted(pixel.xy + vec2f(0.0, 1.0))),
    );
    if amount >= 0.5 && least < 0.5 {
        colour = params.line.rgb;
        opacity = 1.0;
    }
    if params.framebuffer_is_srgb == 1u {
        colour = linear_from_srgb(colour);
    }
    return vec4f(colour * opacity, opacity);
}
