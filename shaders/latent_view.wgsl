// One view of a step: latents mixed, coloured and enlarged. The same formulas as in `src/unfold`. COLOUR, SIGNED,
// AMOUNT and ATTENTION, NUM_PLANES, NUM_LEVELS, NUM_CHANNELS, NUM_HEAT and MOST_COVER are put in from there.

//!constants
//!include common/srgb.wgsl

struct ViewParams {
    // Where the picture's top left corner lies, in pixels of the framebuffer.
    origin: vec2f,
    // Framebuffer pixels per texel of the latents, along each side.
    scale: vec2f,
    // What the mixture means: COLOUR, SIGNED, AMOUNT or ATTENTION.
    meaning: u32,
    // Channels of the latents.
    channels: u32,
    // 1 enlarges by cubic curves, 0 by straight lines.
    is_cubic: u32,
    // 1 if the framebuffer encodes to sRGB by itself.
    framebuffer_is_srgb: u32,
    // The amount that has the last colour of the heat map.
    range: f32,
    // Whose attention is shown.
    first_token: u32,
    num_tokens: u32,
    // 1 lays attention over `picture`, 0 over the latents.
    has_picture: u32,
    // How much of x, x₀, final, cond and uncond is in the mixture.
    mixture: array<vec4f, 2>,
    // Attention maps that are averaged: place of the first value, width, height; the first without width ends them.
    levels: array<vec4u, NUM_LEVELS>,
    // Red, green and blue for each channel.
    colours: array<vec4f, NUM_CHANNELS>,
    // Added to red, green and blue.
    bias: vec4f,
    // The heat map, from its lowest value to its highest.
    heat: array<vec4f, NUM_HEAT>,
}

const LAST_HEAT: f32 = f32(NUM_HEAT - 1u);

@group(0) @binding(0) var<uniform> params: ViewParams;
// Channel by channel x, then x₀, final, cond, uncond.
@group(0) @binding(1) var planes: texture_2d_array<f32>;
// Attention, value after value, row after row of the texture.
@group(0) @binding(2) var maps: texture_2d<f32>;
@group(0) @binding(3) var picture: texture_2d<f32>;

//!include common/fullscreen.wgsl

// The mixture of the planes in one channel of one texel.
fn mixed(texel: vec2i, channel: u32) -> f32 {
    var sum = 0.0;
    for (var plane = 0u; plane < NUM_PLANES; plane += 1u) {
        let part = params.mixture[plane / 4u][plane % 4u];
        if part != 0.0 {
            sum += part * textureLoad(planes, texel, plane * params.channels + channel, 0).r;
        }
    }
    return sum;
}

// The value of one texel: a colour from −1 to 1, or the same number three times.
fn texel_value(texel: vec2i) -> vec3f {
    var colour = params.bias.rgb;
    var largest = 0.0;
    var amounts = 0.0;
    var squares = 0.0;
    for (var channel = 0u; channel < params.channels; channel += 1u) {
        let value = mixed(texel, channel);
        colour += value * params.colours[channel].rgb;
        largest = select(largest, value, abs(value) > abs(largest));
        amounts += abs(value);
        squares += value * value;
    }
    let count = f32(params.channels);
    if params.meaning == SIGNED {
        return vec3f(sign(largest) * amounts / count);
    }
    if params.meaning == AMOUNT {
        return vec3f(sqrt(squares / count));
    }
    return colour;
}

// How much the four texels around a place count; `part` of the way from the second to the third.
fn weights(part: f32) -> vec4f {
    if params.is_cubic == 0u {
        return vec4f(0.0, 1.0 - part, part, 0.0);
    }
    // Catmull and Rom (1974).
    let p = part;
    return 0.5 * vec4f(
        ((2.0 - p) * p - 1.0) * p,
        (3.0 * p - 5.0) * p * p + 2.0,
        ((4.0 - 3.0 * p) * p + 1.0) * p,
        (p - 1.0) * p * p,
    );
}

fn interpolated(position: vec2f, last: vec2i) -> vec3f {
    let corner = floor(position - 0.5);
    let part = position - 0.5 - corner;
    let across = weights(part.x);
    let down = weights(part.y);
    var sum = vec3f(0.0);
    for (var row = 0; row < 4; row += 1) {
        for (var column = 0; column < 4; column += 1) {
            let weight = down[row] * across[column];
            if weight != 0.0 {
                let texel = vec2i(corner) + vec2i(column - 1, row - 1);
                sum += weight * texel_value(clamp(texel, vec2i(0), last));
            }
        }
    }
    return sum;
}

// Mean attention of the tokens at one texel of a level.
fn attended(level: vec4u, texel: vec2f) -> f32 {
    let size = vec2f(level.yz);
    let inside = vec2u(clamp(texel, vec2f(0.0), size - 1.0));
    let width = textureDimensions(maps).x;
    var sum = 0.0;
    for (var token = 0u; token < params.num_tokens; token += 1u) {
        let place = level.x + ((params.first_token + token) * level.z + inside.y) * level.y + inside.x;
        sum += textureLoad(maps, vec2u(place % width, place / width), 0).r;
    }
    return sum / f32(max(params.num_tokens, 1u));
}

// Mean of all levels at a place, 0 to 1 along each side of the picture.
fn attention(place: vec2f) -> f32 {
    var sum = 0.0;
    var count = 0.0;
    for (var index = 0u; index < NUM_LEVELS; index += 1u) {
        let level = params.levels[index];
        if level.y == 0u {
            break;
        }
        let centre = place * vec2f(level.yz) - 0.5;
        let corner = floor(centre);
        let part = centre - corner;
        let top = mix(attended(level, corner), attended(level, corner + vec2f(1.0, 0.0)), part.x);
        let bottom = mix(attended(level, corner + vec2f(0.0, 1.0)), attended(level, corner + 1.0), part.x);
        sum += mix(top, bottom, part.y);
        count += 1.0;
    }
    return sum / max(count, 1.0);
}

fn heat(amount: f32) -> vec3f {
    let place = clamp(amount, 0.0, 1.0) * LAST_HEAT;
    let below = min(floor(place), LAST_HEAT - 1.0);
    return mix(params.heat[u32(below)].rgb, params.heat[u32(below) + 1u].rgb, place - below);
}

@fragment
fn fragment_main(@builtin(position) pixel: vec4f) -> @location(0) vec4f {
    let size = vec2f(textureDimensions(planes));
    let position = (pixel.xy - params.origin) / params.scale;
    if any(position < vec2f(0.0)) || any(position >= size) {
        discard;
    }
    var colour: vec3f;
    if params.meaning == ATTENTION && params.has_picture == 1u {
        let texel = position / size * vec2f(textureDimensions(picture));
        colour = textureLoad(picture, vec2i(texel), 0).rgb;
    } else {
        colour = interpolated(position, vec2i(size) - 1);
    }
    if params.meaning == SIGNED {
        colour = heat(0.5 + 0.5 * colour.r / params.range);
    } else if params.meaning == AMOUNT {
        colour = heat(colour.r / params.range);
    } else {
        if params.meaning == COLOUR || params.has_picture == 0u {
            colour = clamp(0.5 * colour + 0.5, vec3f(0.0), vec3f(1.0));
        }
        if params.meaning == ATTENTION {
            let amount = clamp(attention(position / size) / params.range, 0.0, 1.0);
            colour = mix(colour, heat(amount), MOST_COVER * amount);
        }
    }
    if params.framebuffer_is_srgb == 1u {
        colour = linear_from_srgb(colour);
    }
    return vec4f(colour, 1.0);
}
