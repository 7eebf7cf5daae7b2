"""Times another program on the work of `hareru bench --shape sd15`; prints one line of JSON per item.

The networks are Stable Diffusion 1.5's, with random weights: nothing is downloaded. One process times one peer.
"""

import argparse
import json
import os
import resource
import statistics
import time

parser = argparse.ArgumentParser()
parser.add_argument("--peer", required=True, choices=["torch-f32", "torch-bf16-cl", "openvino-bf16"])
parser.add_argument("--items", default="unet,vae,taesd,clip")
parser.add_argument("--res", type=int, default=512)
parser.add_argument("--runs", type=int, default=5)
parser.add_argument("--threads", type=int, default=2)
args = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = str(args.threads)

import torch  # noqa: E402: reads the number of threads when it is imported
from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel  # noqa: E402
from transformers import CLIPTextConfig, CLIPTextModel  # noqa: E402

torch.set_num_threads(args.threads)
torch.manual_seed(1)
SIDE = args.res // 8
TOKENS = 77


def unet():
    """A step with guidance: both prompts in one batch."""
    network = UNet2DConditionModel(
        sample_size=64,
        block_out_channels=(320, 640, 1280, 1280),
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
        cross_attention_dim=768,
        attention_head_dim=8,
    )
    inputs = (torch.randn(2, 4, SIDE, SIDE), torch.tensor(500.0), torch.randn(2, TOKENS, 768))
    return network, inputs, lambda net, x, t, context: net(x, t, context, return_dict=False)[0]


def vae():
    """From latents to a picture."""
    network = AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
    )
    return network, (torch.randn(1, 4, SIDE, SIDE),), lambda net, z: net.decode(z, return_dict=False)[0]


def taesd():
    """The same by the tiny decoder."""
    return AutoencoderTiny(), (torch.randn(1, 4, SIDE, SIDE),), lambda net, z: net.decode(z, return_dict=False)[0]


def clip():
    """A prompt."""
    config = CLIPTextConfig(
        hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, vocab_size=49408
    )
    ids = torch.randint(0, 49000, (1, TOKENS))
    return CLIPTextModel(config), (ids,), lambda net, tokens: net(tokens).last_hidden_state


class Call(torch.nn.Module):
    """What is timed, as a module that can be converted."""

    def __init__(self, network, forward):
        super().__init__()
        self.network = network
        self.call = forward

    def forward(self, *inputs):
        return self.call(self.network, *inputs)


def torch_call(network, inputs, forward):
    network = network.eval()
    if args.peer == "torch-bf16-cl":
        network = network.to(torch.bfloat16, memory_format=torch.channels_last)
        inputs = tuple(x.to(torch.bfloat16) if x.is_floating_point() and x.dim() else x for x in inputs)
        inputs = tuple(x.to(memory_format=torch.channels_last) if x.dim() == 4 else x for x in inputs)

    def call():
        with torch.inference_mode():
            forward(network, *inputs)

    return call


def openvino_call(network, inputs, forward):
    import openvino

    with torch.inference_mode():
        converted = openvino.convert_model(Call(network.eval(), forward), example_input=inputs)
    settings = {"INFERENCE_PRECISION_HINT": "bf16", "INFERENCE_NUM_THREADS": args.threads, "PERFORMANCE_HINT": "LATENCY"}
    converted.reshape({port: list(example.shape) for port, example in zip(converted.inputs, inputs)})
    compiled = openvino.Core().compile_model(converted, "CPU", settings)
    request = compiled.create_infer_request()
    arrays = [example.numpy() for example in inputs]
    return lambda: request.infer(arrays)


for name in args.items.split(","):
    make_call = openvino_call if args.peer == "openvino-bf16" else torch_call
    call = make_call(*{"unet": unet, "vae": vae, "taesd": taesd, "clip": clip}[name]())
    call()
    seconds = []
    for _ in range(args.runs):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    line = {
        "peer": args.peer,
        "item": name,
        "res": args.res,
        "runs": args.runs,
        "median_s": statistics.median(seconds),
        "min_s": min(seconds),
        "max_s": max(seconds),
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "threads": args.threads,
    }
    print(json.dumps(line), flush=True)
