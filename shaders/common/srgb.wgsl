// The sRGB transfer function of IEC 61966-2-1, both ways.

fn linear_from_srgb(srgb: vec3f) -> vec3f {
    let low = srgb / 12.92;
    let high = pow((srgb + 0.055) / 1.055, vec3f(2.4));
    return select(high, low, srgb <= vec3f(0.04045));
}

fn srgb_from_linear(linear: vec3f) -> vec3f {
    let low = linear * 12.92;
    let high = 1.055 * pow(linear, vec3f(1.0 / 2.4)) - 0.055;
    return select(high, low, linear <= vec3f(0.0031308));
}
