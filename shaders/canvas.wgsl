// One picture on the canvas: exact texels when enlarged, an area average in linear light when reduced.

//!include common/srgb.wgsl

struct Canvas {
    // Where the picture's top left corner lies, in pixels of the framebuffer.
    origin: vec2f,
    // Framebuffer pixels per texel, along each side.
    scale: vec2f,
    // 1 interpolates between texels when enlarged, for previews smaller than their picture.
    smooth_enlarge: u32,
    // 1 if the framebuffer encodes to sRGB by itself.
    framebuffer_is_srgb: u32,
    padding: vec2u,
}

@group(0) @binding(0) var<uniform> canvas: Canvas;
@group(0) @binding(1) var picture: texture_2d<f32>;

// Most texels averaged along one side of a pixel; beyond it they are skipped evenly.
const MAX_TAPS: f32 = 12.0;

@vertex
fn vertex_main(@builtin(vertex_index) index: u32) -> @builtin(position) vec4f {
    // One triangle that covers the viewport.
    let corner = vec2f(f32((index << 1u) & 2u), f32(index & 2u));
    return vec4f(corner * 2.0 - 1.0, 0.0, 1.0);
}

fn texel(position: vec2f, size: vec2f) -> vec3f {
    let inside = clamp(position, vec2f(0.0), size - 1.0);
    return textureLoad(picture, vec2i(inside), 0).rgb;
}

// The mean over the texels under one pixel, in linear light.
fn reduced(centre: vec2f, size: vec2f) -> vec3f {
    let footprint = max(1.0 / canvas.scale, vec2f(1.0));
    let taps = clamp(ceil(footprint), vec2f(1.0), vec2f(MAX_TAPS));
    let start = centre - 0.5 * footprint;
    var sum = vec3f(0.0);
    for (var row = 0.0; row < taps.y; row += 1.0) {
        for (var column = 0.0; column < taps.x; column += 1.0) {
            let offset = (vec2f(column, row) + 0.5) / taps * footprint;
            sum += linear_from_srgb(texel(floor(start + offset), size));
        }
    }
    return srgb_from_linear(sum / (taps.x * taps.y));
}

// Between the four nearest texel centres.
fn interpolated(centre: vec2f, size: vec2f) -> vec3f {
    let corner = floor(centre - 0.5);
    let part = centre - 0.5 - corner;
    let top = mix(texel(corner, size), texel(corner + vec2f(1.0, 0.0), size), part.x);
    let bottom = mix(texel(corner + vec2f(0.0, 1.0), size), texel(corner + 1.0, size), part.x);
    return mix(top, bottom, part.y);
}

@fragment
fn fragment_main(@builtin(position) pixel: vec4f) -> @location(0) vec4f {
    let size = vec2f(textureDimensions(picture));
    let position = (pixel.xy - canvas.origin) / canvas.scale;
    if any(position < vec2f(0.0)) || any(position >= size) {
        discard;
    }
    var colour: vec3f;
    if any(canvas.scale < vec2f(1.0)) {
        colour = reduced(position, size);
    } else if canvas.smooth_enlarge == 1u {
        colour = interpolated(position, size);
    } else {
        colour = texel(floor(position), size);
    }
    if canvas.framebuffer_is_srgb == 1u {
        colour = linear_from_srgb(colour);
    }
    return vec4f(colour, 1.0);
}
