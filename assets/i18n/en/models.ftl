## The models' page

models-kind-model = Models
    .tip = What makes pictures
models-kind-lora = LoRAs
    .tip = Laid over a model: a style, a person, a thing it did not know
models-kind-embedding = Embeddings
    .tip = Words that were learned (textual inversion)
models-kind-control = ControlNets & adapters
    .tip = Have a model follow a picture; they are chosen where that picture is
models-kind-vae = VAEs
    .tip = Turn latents into pixels in place of the model's own
models-kind-upscaler = Upscalers
    .tip = Make a picture larger; they are chosen where it is enlarged

models-search = Search names, families, trigger words
    .tip = Shows what has all these words in its name, folder, family or trigger words, or a hash that begins so
models-rescan = Rescan
    .tip = Looks at all folders again
models-scanning = Looking at the folders…
models-none = Nothing of this kind yet. Add a file or a folder, or fetch something below.
models-none-found = Nothing has all these words

models-folders = Other folders
    .tip = Folders of other programs, and what you added; they are only read, never written to
models-folder-missing = is not there at the moment
models-add-file = Add file…
    .tip = Shows a file of weights where it lies; it is neither copied nor changed
models-add-folder = Add folder…
    .tip = Shows what is in a folder of models, such as that of ComfyUI, A1111, Forge or InvokeAI; nothing in it is changed
models-add = Add
    .tip = Shows the models of this program here; nothing in its folder is changed
models-forget = Leave out
    .tip = Shows this folder no longer; nothing in it is touched
models-dialog-file = Add a file of weights
models-dialog-folder = Add a folder of models

models-use = Use
    .tip = Puts it into the form, with its trigger words
models-take-out = Take out
    .tip = Takes it out of the form, with the trigger words that came with it
models-in-form = In the form
models-weight = Weight
    .tip = How much of it is laid over the model: 0 for nothing, 1 as it was trained
models-more = More
    .tip = Hash and deleting
models-open-folder = Open folder
    .tip = Shows it in the file manager
models-compute-hashes = Compute hash
    .tip = Reads the whole file for the name by which other programs and people know it
models-delete = Delete
    .tip = Puts the file and its picture into the system's trash
models-hash = Hash { $hash }
models-copy-hash = Copy SHA-256
models-hashing = computing hash…
models-not-ours = Belongs to another folder; only shown
models-trigger-words = Trigger words, which come into the prompt with it: { $words }
models-never-used = not used yet
models-used-today = used today
models-used-days = { $count ->
    [one] used yesterday
   *[other] used { $count } days ago
}

models-repo = Hugging Face
    .tip = Name of a repository, or of one file in it; @ and a revision may follow
models-repo-hint = owner/name, owner/name/file, or a page's address
models-fetch = Download
    .tip = Fetches what the model needs into the models folder, whole or not at all
models-fp16 = Half precision
    .tip = Takes fp16 files where there are any: half the size, nearly the same pictures
models-stop = Stop
    .tip = Stops the download; what came so far is kept
models-resume = Resume
    .tip = Goes on where it stopped
models-discard = Remove
    .tip = Takes it off this list; what came of an unfinished download is deleted
models-asking = Asking what there is…
models-stopping = Stopping…
models-paused = Stopped at { $done } of { $total }
models-running = { $done } of { $total }
models-finished = Installed, { $total }
models-finished-without-checksum = Installed, { $total }; size and header are right, but the hub gives no checksum of { $files }
models-left-seconds = { $count ->
    [one] 1 second left
   *[other] { $count } seconds left
}
models-left-minutes = { $count ->
    [one] 1 minute left
   *[other] { $count } minutes left
}
models-left-hours = { $count ->
    [one] 1 hour left
   *[other] { $count } hours left
}

models-fetched = { $file } is installed
models-removed = { $file } is in the trash
models-failed = That did not work: { $reason }
models-not-hashed = { $file } could not be read: { $reason }
