// Pictures on a canvas: one alone, two with a divider at any angle, or their difference as heat. The same formulas
// as in `src/render/picture.rs`.

//!include common/srgb.wgsl

struct Paint {
    // Where the top left corner of each picture lies, and how large it is, in pixels of the framebuffer.
    a_origin: vec2f,
    a_size: vec2f,
    b_origin: vec2f,
    b_size: vec2f,
    // A point of the divider, in pixels of the framebuffer, and the direction in which the second picture lies.
    through: vec2f,
    normal: vec2f,
    // What is drawn: one of the three below.
    mode: u32,
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

@group(0) @binding(0) var<uniform> paint: Paint;
@group(0) @binding(1) var picture_a: texture_2d<f32>;
@group(0) @binding(2) var picture_b: texture_2d<f32>;

//!include common/fullscreen.wgsl

fn texel(picture: texture_2d<f32>, position: vec2f) -> vec3f {
    let last = vec2f(textureDimensions(picture)) - 1.0;
    return textureLoad(picture, vec2i(clamp(position, vec2f(0.0), last)), 0).rgb;
}

// The colour of a picture at a point of the framebuffer; nothing, with 0 as its last part, beside it.
fn shown(picture: texture_2d<f32>, origin: vec2f, size: vec2f, is_smooth: u32, point: vec2f) -> vec4f {
    let part = (point - origin) / size;
    let position = part * vec2f(textureDimensions(picture));
    if any(part < vec2f(0.0)) || any(part >= vec2f(1.0)) {
        return vec4f(0.0);
    }
    if is_smooth == 0u {
        return vec4f(texel(picture, floor(position)), 1.0);
    }
    // Between the four nearest texel centres.
    let corner = floor(position - 0.5);
    let rest = position - 0.5 - corner;
    let top = mix(texel(picture, corner), texel(picture, corner + vec2f(1.0, 0.0)), rest.x);
    let bottom = mix(texel(picture, corner + vec2f(0.0, 1.0)), texel(picture, corner + 1.0), rest.x);
    return vec4f(mix(top, bottom, rest.y), 1.0);
}

fn shown_a(point: vec2f) -> vec4f {
    return shown(picture_a, paint.a_origin, paint.a_size, paint.a_smooth, point);
}

fn shown_b(point: vec2f) -> vec4f {
    return shown(picture_b, paint.b_origin, paint.b_size, paint.b_smooth, point);
}

fn heat(amount: f32) -> vec3f {
    let place = clamp(amount, 0.0, 1.0) * LAST_HEAT;
    let below = min(floor(place), LAST_HEAT - 1.0);
    return mix(paint.heat[u32(below)].rgb, paint.heat[u32(below) + 1u].rgb, place - below);
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

// What is drawn at a point of the framebuffer.
fn drawn(point: vec2f, is_second: bool) -> vec4f {
    if paint.mode == DIFFERENCE {
        let a = shown_a(point);
        let b = shown_b(point);
        let colour = heat(0.5 + 0.5 * paint.gain * difference(a.rgb, b.rgb));
        return vec4f(colour, a.a * b.a);
    }
    if is_second {
        return shown_b(point);
    }
    return shown_a(point);
}

@fragment
fn fragment_main(@builtin(position) pixel: vec4f) -> @location(0) vec4f {
    let is_second = paint.mode == SLIDER && dot(pixel.xy - paint.through, paint.normal) >= 0.0;
    // Where there are several texels under a pixel, their mean in linear light.
    let footprint_a = vec2f(textureDimensions(picture_a)) / paint.a_size;
    let footprint_b = vec2f(textureDimensions(picture_b)) / paint.b_size;
    var footprint = select(footprint_a, footprint_b, is_second);
    if paint.mode == DIFFERENCE {
        footprint = max(footprint_a, footprint_b);
    }
    let taps = clamp(ceil(footprint - 0.01), vec2f(1.0), vec2f(MAX_TAPS));
    if all(taps == vec2f(1.0)) {
        // One texel under the pixel keeps its colour exactly.
        let one = drawn(pixel.xy, is_second);
        if one.a == 0.0 {
            discard;
        }
        if paint.framebuffer_is_srgb == 1u {
            return vec4f(linear_from_srgb(one.rgb), 1.0);
        }
        return vec4f(one.rgb, 1.0);
    }
    var sum = vec4f(0.0);
    for (var row = 0.0; row < taps.y; row += 1.0) {
        for (var column = 0.0; column < taps.x; column += 1.0) {
            let offset = (vec2f(column, row) + 0.5) / taps - 0.5;
            let colour = drawn(pixel.xy + offset, is_second);
            sum += vec4f(linear_from_srgb(colour.rgb), 1.0) * colour.a;
        }
    }
    if sum.a == 0.0 {
        discard;
    }
    var colour = sum.rgb / sum.a;
    if paint.framebuffer_is_srgb == 0u {
        colour = srgb_from_linear(colour);
    }
    return vec4f(colour, 1.0);
}
