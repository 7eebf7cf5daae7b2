// Two pictures in one place: one alone, both with a divider at any angle, or their difference as heat. The same formulas
// as in `src/render/compare.rs`.

//!include common/srgb.wgsl

struct Compare {
    // Where the top left corner of each picture lies, and how large it is, in pixels of the framebuffer.
    a_origin: vec2f,
    a_size: vec2f,
    b_origin: vec2f,
    b_size: vec2f,
    // A point of the divider, in pixels of the framebuffer, and the direction in which the second picture lies.
    through: vec2f,
    normal: vec2f,
    // What is drawn: one of the three below.
    kind: u32,
    // 1 interpolates between texels when enlarged, for each picture.
    a_smooth: u32,
    b_smooth: u32,
    // 1 if the framebuffer encodes to sRGB by itself.
    framebuffer_is_srgb: u32,
    // What a difference is multiplied by before it becomes heat.
    gain: f32,
    padding_1: f32,
    padding_2: f32,
    padding_3: f32,
    // The heat map, from its lowest value to its highest.
    heat: array<vec4f, 9>,
}

const ONE: u32 = 0u;
const SLIDER: u32 = 1u;
const DIFFERENCE: u32 = 2u;
const LAST_HEAT: f32 = 8.0;
// Most places looked at along one side of a pixel; beyond it texels are skipped evenly.
const MAX_TAPS: f32 = 12.0;

@group(0) @binding(0) var<uniform> compare: Compare;
@group(0) @binding(1) var picture_a: texture_2d<f32>;
@group(0) @binding(2) var picture_b: texture_2d<f32>;

@vertex
fn vertex_main(@builtin(vertex_index) index: u32) -> @builtin(position) vec4f {
    // One triangle that covers the viewport.
    let corner = vec2f(f32((index << 1u) & 2u), f32(index & 2u));
    return vec4f(corner * 2.0 - 1.0, 0.0, 1.0);
}

fn texel_a(position: vec2f) -> vec3f {
    let last = vec2f(textureDimensions(picture_a)) - 1.0;
    return textureLoad(picture_a, vec2i(clamp(position, vec2f(0.0), last)), 0).rgb;
}

fn texel_b(position: vec2f) -> vec3f {
    let last = vec2f(textureDimensions(picture_b)) - 1.0;
    return textureLoad(picture_b, vec2i(clamp(position, vec2f(0.0), last)), 0).rgb;
}

// The colour of a picture at a place of the framebuffer; nothing, with 0 as its last part, beside it.
fn shown_a(place: vec2f) -> vec4f {
    let part = (place - compare.a_origin) / compare.a_size;
    let position = part * vec2f(textureDimensions(picture_a));
    if any(part < vec2f(0.0)) || any(part >= vec2f(1.0)) {
        return vec4f(0.0);
    }
    if compare.a_smooth == 0u {
        return vec4f(texel_a(floor(position)), 1.0);
    }
    let corner = floor(position - 0.5);
    let rest = position - 0.5 - corner;
    let top = mix(texel_a(corner), texel_a(corner + vec2f(1.0, 0.0)), rest.x);
    let bottom = mix(texel_a(corner + vec2f(0.0, 1.0)), texel_a(corner + 1.0), rest.x);
    return vec4f(mix(top, bottom, rest.y), 1.0);
}

fn shown_b(place: vec2f) -> vec4f {
    let part = (place - compare.b_origin) / compare.b_size;
    let position = part * vec2f(textureDimensions(picture_b));
    if any(part < vec2f(0.0)) || any(part >= vec2f(1.0)) {
        return vec4f(0.0);
    }
    if compare.b_smooth == 0u {
        return vec4f(texel_b(floor(position)), 1.0);
    }
    let corner = floor(position - 0.5);
    let rest = position - 0.5 - corner;
    let top = mix(texel_b(corner), texel_b(corner + vec2f(1.0, 0.0)), rest.x);
    let bottom = mix(texel_b(corner + vec2f(0.0, 1.0)), texel_b(corner + 1.0), rest.x);
    return vec4f(mix(top, bottom, rest.y), 1.0);
}

fn heat(amount: f32) -> vec3f {
    let place = clamp(amount, 0.0, 1.0) * LAST_HEAT;
    let below = min(floor(place), LAST_HEAT - 1.0);
    return mix(compare.heat[u32(below)].rgb, compare.heat[u32(below) + 1u].rgb, place - below);
}

// The mean of the amounts by which the second differs, with the sign of the largest.
fn difference(a: vec3f, b: vec3f) -> f32 {
    let by = b - a;
    let size = abs(by);
    var largest = by.r;
    if size.g > abs(largest) {
        largest = by.g;
    }
    if size.b > abs(largest) {
        largest = by.b;
    }
    return sign(largest) * (size.r + size.g + size.b) / 3.0;
}

fn told(place: vec2f, is_second: bool) -> vec4f {
    if compare.kind == DIFFERENCE {
        let a = shown_a(place);
        let b = shown_b(place);
        let colour = heat(0.5 + 0.5 * compare.gain * difference(a.rgb, b.rgb));
        return vec4f(colour, a.a * b.a);
    }
    if is_second {
        return shown_b(place);
    }
    return shown_a(place);
}

@fragment
fn fragment_main(@builtin(position) pixel: vec4f) -> @location(0) vec4f {
    let is_second = compare.kind == SLIDER && dot(pixel.xy - compare.through, compare.normal) >= 0.0;
    // Where there are several texels under a pixel, their mean in linear light.
    let footprint_a = vec2f(textureDimensions(picture_a)) / compare.a_size;
    let footprint_b = vec2f(textureDimensions(picture_b)) / compare.b_size;
    var footprint = select(footprint_a, footprint_b, is_second);
    if compare.kind == DIFFERENCE {
        footprint = max(footprint_a, footprint_b);
    }
    let taps = clamp(ceil(footprint - 0.01), vec2f(1.0), vec2f(MAX_TAPS));
    var sum = vec4f(0.0);
    for (var row = 0.0; row < taps.y; row += 1.0) {
        for (var column = 0.0; column < taps.x; column += 1.0) {
            let offset = (vec2f(column, row) + 0.5) / taps - 0.5;
            let seen = told(pixel.xy + offset, is_second);
            sum += vec4f(linear_from_srgb(seen.rgb), 1.0) * seen.a;
        }
    }
    if sum.a == 0.0 {
        discard;
    }
    var colour = sum.rgb / sum.a;
    if compare.framebuffer_is_srgb == 0u {
        colour = srgb_from_linear(colour);
    }
    return vec4f(colour, 1.0);
}
