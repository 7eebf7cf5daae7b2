## Why a job failed

error-panic = The engine ran into a fault of its own; the log says more
error-queue-full = At most { $most } jobs may wait
error-engine-stopped = The engine has stopped
error-cancelled = It was stopped
error-out-of-memory = The device is out of memory
error-not-finite = The latents are no longer finite at step { $step }
error-tensor = A computation failed; the log says more
error-unknown-family = “{ $found }” is no kind of model that is known. File: { $path }
# $what names the setting; what is not listed here is shown as it is.
error-unsupported =
    { $what ->
        [size] This model makes no pictures of this size ({ $found }); it needs { $expected }
        [size-of-the-enlarged-picture] The enlarged picture would be too large ({ $found })
        [the-task] The model is made for another task
        [mask] Nothing is painted in the mask; white is what is painted anew
        [picture-to-start-from] The picture to start from does not go with this model
        [refiner-s-latents] The refiner does not go with this model
        [networks-beside-the-model] The networks beside the model do not go with it
        [run-to-branch-from] No steps of the run to branch from were kept
        [step-of-a-branch] A branch cannot leave at this step
        [what-changes-on-the-way] This cannot change on the way
        [sampler-of-a-change] No sampler is called { $found }
        [clip-skip] Clip skip must be { $expected }, found { $found }
        [frames] This model makes { $expected } frames, not { $found }
        [noise-level] The noise level must be { $expected }, found { $found }
        [class] The model does not know the class { $found }
        [an-adapter-s-folder] An adapter's folder must hold one weight file; name the file
       *[other] This model does not support it: { $what } must be { $expected }, found { $found }
    }
error-precision = The device does not compute in { $found }; it does in { $expected }
error-other-model = It was made for another model. File: { $path }
error-picture = This is no picture that can be read. File: { $path }
error-picture-size = A picture of { $width } × { $height } px cannot be used
error-unknown-preprocessor = No way to prepare a picture is called { $found }
error-preprocessor-range = { $parameter } must be { $least } to { $largest }, found { $found }
error-no-steps = A run needs at least one step
error-too-many-steps = With this sampler there are at most { $most } steps, not { $found }
error-sigma-range = Noise levels must rise from above 0: { $min } to { $max }
error-training-schedule = The model's noise schedule makes no sense
error-unknown-schedule = No schedule is called { $found }
error-unknown-sampler = No sampler is called { $found }
error-tokenizer = The tokenizer cannot be used
error-tokenizer-token = The tokenizer lacks the token { $token }
error-load-nothing = There is no model here. File: { $path }
error-load-missing-file = The model lacks { $file }. File: { $path }
error-load-no-weights = There are no weights of { $component }. File: { $path }
error-load-read = The file cannot be read. File: { $path }
error-load-configuration = The configuration cannot be understood. File: { $path }
error-load-shards = The list of weight files is not valid. File: { $path }
error-load-length = The weight file is incomplete. File: { $path }
error-load-broken = This is no sound weight file. File: { $path }
error-load-missing-tensor = { $component } lacks the tensor { $name }. File: { $path }
error-load-shape = { $component }: the tensor { $name } has the shape { $found }, not { $expected }. File: { $path }
error-load-dtype = The tensor { $name } holds { $found } numbers, which cannot be used. File: { $path }
error-adapter-none = There is no adapter in the file. File: { $path }
error-adapter-layer = The adapter's layer { $layer } is not sound. File: { $path }
error-adapter-other-family = The adapter was made for another kind of model. File: { $path }
error-adapter-block-weights = The adapter has another number of blocks than { $found }. File: { $path }
error-embedding-none = There is no embedding in the file. File: { $path }
error-embedding-other-family = The embedding was made for another kind of model. File: { $path }
error-embedding-word = The word { $word } is taken by another embedding. File: { $path }

## Why a model could not be fetched, found or removed

error-hub-id = A model is called owner/name, owner/name@revision or a file of it, not “{ $found }”
error-hub-url = An address begins with https://, not “{ $found }”
error-hub-insecure = { $host } would send it without encryption; the address must begin with https://
error-hub-not-public = { $host } is not on the public internet ({ $address }), so nothing is fetched from it
error-hub-offline = { $host } cannot be reached. Is this computer online?
error-hub-stalled = { $host } has stopped sending; the download can be resumed
error-hub-refused = { $what } is given to those only who accepted its terms on the hub; then set HF_TOKEN (HTTP { $code })
error-hub-not-found = There is no { $what } (HTTP 404)
error-hub-status = { $what } was not given (HTTP { $code })
error-hub-redirects = { $host } sends from one address to the next, more than { $most } times
error-hub-no-model = { $what } has no model in a form known here: neither model_index.json nor a .safetensors file
error-hub-ambiguous = { $what } has { $found } files of weights; name one of them: { $files }
error-hub-length = { $file } came with another length than promised
error-hub-checksum = { $file } came broken: its checksum is another one than promised
error-hub-disk-full = The disk is full: { $needed } GiB are needed, { $free } GiB are free
error-hub-busy = Another program is fetching the same model
error-hub-exists = There is something of that name already. File: { $path }
error-hub-not-ours = Only what is in the models folder can be removed. File: { $path }
error-hub-bug = A mistake in this program stopped what was asked of the models

## Why a search is not understood

query-too-long = A search may have up to { $most } bytes
query-too-many-words = A search may have up to { $most } words, not { $found }
query-key = “{ $found }” is nothing that can be searched by; there are { $known }. Quotes search for the text itself
query-not-ordered = After { $key } comes “:”, “=” or “!=”
query-name = After { $key } comes a name, or a part of one
query-whole-number = After { $key } comes a whole number such as 42, not “{ $found }”
query-size = After { $key } comes a width and a height such as 512x768, not “{ $found }”
query-mark = After { $key } comes one of { $known }, not “{ $found }”
query-number = After { $key } comes a number, not “{ $found }”
query-day = After { $key } comes a day such as 2026-11-20, a month such as 2026-11, a year, today, yesterday, week, month or year, not “{ $found }”
