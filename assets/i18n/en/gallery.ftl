## The gallery

gallery-today = Today
gallery-yesterday = Yesterday
gallery-date = { $weekday }, { $day } { $month } { $year }
gallery-moment = { $date }, { $time }
gallery-month = { $name ->
    [jan] January
    [feb] February
    [mar] March
    [apr] April
    [may] May
    [jun] June
    [jul] July
    [aug] August
    [sep] September
    [oct] October
    [nov] November
   *[dec] December
}
gallery-weekday = { $name ->
    [mon] Monday
    [tue] Tuesday
    [wed] Wednesday
    [thu] Thursday
    [fri] Friday
    [sat] Saturday
   *[sun] Sunday
}
gallery-picture = Picture { $number }

## What there is

gallery-all = All pictures
    .tip = Shows every picture of the gallery and of the folders below
gallery-favourites = Favourites
gallery-collections = Collections
    .tip = Pictures that belong together, by a name of your own
gallery-no-collections = None yet; choose pictures and name one at the right
gallery-tags = Tags
    .tip = Words of your own; press T to tag what is chosen
gallery-no-tags = None yet; press T to tag what is chosen
gallery-folders = Folders
    .tip = Folders of pictures shown beside the gallery, such as those of other programs; nothing is ever written to them
gallery-row-tip = Searches for { $search }
gallery-add-folder = Add a folder…
    .tip = Shows the pictures of another folder here too; nothing is ever written to it
gallery-choose-folder = Folder of pictures
gallery-unwatch = No longer show { $folder }
    .tip = Takes the folder off this page; its files stay where they are
gallery-away = away
gallery-open-folder = Click to open it in the file manager
gallery-rescan = Look at all files again
    .tip = Reads every file of the gallery anew

## The line above the grid

gallery-search = Search
    .tip = Finds pictures by words of the prompt, settings and marks; F1 explains how
gallery-search-hint = Search prompts, model:, rating>=4 …
gallery-find = Search the gallery
    .tip = Puts the cursor into the search field
gallery-clear = Clear the search
    .tip = Shows all pictures again
gallery-explain = How to search
    .tip = Explains everything the search field understands
gallery-order = Order
    .tip = Which pictures come first
gallery-order-newest = Newest first
gallery-order-oldest = Oldest first
gallery-order-rating = Best first
gallery-size = Size of the pictures
    .tip = Draws the pictures of the grid larger or smaller
gallery-details = Details
    .tip = Shows or hides what is known of the chosen picture
gallery-syntax = What the search field understands
gallery-syntax-try = Click to try it
gallery-syntax-words = Both words in the prompt; the last may be only the beginning of one
gallery-syntax-phrase = These words in this order
gallery-syntax-names = By a part of the name
gallery-syntax-marks = By your own words, and by the program that made the picture
gallery-syntax-rating = By stars, by favourites, by whether the steps were kept
gallery-syntax-exact = Exactly this seed or size
gallery-syntax-numbers = By comparison, with <, >, <= or >=
gallery-syntax-dates = By day, month or year
gallery-syntax-not = Not those

## The line below it

# $number chooses between singular and plural; the others are numbers with their thousands set apart.
gallery-count = { $number ->
    [one] 1 picture
   *[other] { $total } pictures
}
gallery-count-found = { $number ->
    [one] { $found } of 1 picture
   *[other] { $found } of { $total } pictures
}
gallery-chosen = { $count } chosen
gallery-scanning = Looking at files: { $done }
    .tip = New and changed files are being read; what is found meanwhile may not be all
gallery-scanning-of = Looking at files: { $done } of { $total }
gallery-unreadable = { $number ->
    [one] 1 file cannot be read
   *[other] { $count } files cannot be read
}
    .tip = They have the name of a picture and are none, or are damaged; hareru gallery verify lists them

## Where there is nothing

gallery-none-yet = Opening the gallery…
    .tip = One moment
gallery-none-scanned = Looking through your pictures…
    .tip = They appear here as they are found
gallery-none-made = No pictures yet
    .tip = What you make in the studio appears here. You can also add folders of pictures you already have.
gallery-none-found = No picture matches
    .tip = Try fewer words, or only the beginning of one
gallery-none-understood = This search was not understood
    .tip = What is wrong is underlined in the search field

## What can be done

gallery-go-left = Picture before
    .tip = Goes to the picture before
gallery-go-right = Picture after
    .tip = Goes to the picture after
gallery-go-up = Row above
    .tip = Goes to the row above
gallery-go-down = Row below
    .tip = Goes to the row below
gallery-go-page-up = Page up
    .tip = Goes up by what is in sight
gallery-go-page-down = Page down
    .tip = Goes down by what is in sight
gallery-go-first = First picture
    .tip = Goes to the first picture
gallery-go-last = Last picture
    .tip = Goes to the last picture
gallery-extend-left = Choose to the left
    .tip = Chooses the picture before too
gallery-extend-right = Choose to the right
    .tip = Chooses the picture after too
gallery-extend-up = Choose upwards
    .tip = Chooses up to the row above
gallery-extend-down = Choose downwards
    .tip = Chooses down to the row below
gallery-extend-page-up = Choose a page up
    .tip = Chooses up by what is in sight
gallery-extend-page-down = Choose a page down
    .tip = Chooses down by what is in sight
gallery-extend-first = Choose to the first
    .tip = Chooses everything up to the first picture
gallery-extend-last = Choose to the last
    .tip = Chooses everything down to the last picture
gallery-choose-all = Choose all
    .tip = Chooses every picture that was found
gallery-open = Open in the studio
    .tip = Shows the picture in the studio, with its steps if they were kept
gallery-look = Quick look
    .tip = Shows the picture as large as the window; the arrows go on
gallery-rate = Rate
    .tip = Keys 1 to 5; 0 takes the stars away
gallery-rate-0 = No stars
    .tip = Takes the stars away
gallery-rate-1 = 1 star
    .tip = Rates the chosen pictures
gallery-rate-2 = 2 stars
    .tip = Rates the chosen pictures
gallery-rate-3 = 3 stars
    .tip = Rates the chosen pictures
gallery-rate-4 = 4 stars
    .tip = Rates the chosen pictures
gallery-rate-5 = 5 stars
    .tip = Rates the chosen pictures
gallery-favourite = Favourite
    .tip = Puts the chosen pictures among the favourites, or takes them out
gallery-edit-tags = Tag…
    .tip = Gives the chosen pictures words of your own
gallery-trash = Move to trash
    .tip = Puts the chosen pictures, with their steps and marks, into the system's trash
gallery-undo-trash = Undo
    .tip = Brings back what was put into the trash last
gallery-compare = Compare
    .tip = Holds two to nine chosen pictures against each other
gallery-copy-image = Copy picture
    .tip = Puts the pixels on the clipboard
gallery-copy-prompt = Copy prompt
    .tip = Puts the words of the prompt on the clipboard
gallery-copy-settings = Copy settings
    .tip = Puts prompt and settings on the clipboard, as A1111 and others read them
gallery-copy = Copy
gallery-reveal = Show in folder
    .tip = Opens the folder of the picture in the file manager

## Details

gallery-details-none = Choose a picture to see how it was made
gallery-prompt = Prompt
gallery-negative = Negative prompt
gallery-no-record = Nothing in this file says how it was made
gallery-model = Model
gallery-sampler = Sampler
gallery-steps = Steps
gallery-guidance = Guidance
gallery-seed = Seed
gallery-loras = LoRA
gallery-run = Steps kept
gallery-run-kept = Yes, open it to unfold them
gallery-source = Made with
gallery-new-tag = New tag
    .tip = Type a word and press Enter; Tab takes the first suggestion
gallery-new-tag-hint = Add a tag
gallery-untag = Remove the tag { $name }
    .tip = Takes the tag away from the chosen pictures
gallery-new-collection = New collection
    .tip = Type a name and press Enter; a collection begins with its first picture
gallery-new-collection-hint = Add to a collection
gallery-uncollect = Take out of { $name }
    .tip = Takes the chosen pictures out of the collection
gallery-look-close = Close quick look
gallery-look-place = { $file } · { $index } of { $count }
gallery-look-keys = ← → go on · Space closes

## What happened

gallery-trashed = { $count ->
    [one] The picture is in the trash
   *[other] { $count } pictures are in the trash
}
gallery-restored = { $count ->
    [one] The picture is back
   *[other] { $count } pictures are back
}
gallery-folder-lost = { $folder } is not there; its pictures come back with it
gallery-folder-found = { $folder } is there again
gallery-failed = The gallery could not do this: { $reason }
gallery-too-slow = { $count ->
    [one] Reading { $file } takes too long; it is left out of the gallery until the file changes
   *[other] Reading { $count } files takes too long, { $file } among them; they are left out of the gallery until they change
}
gallery-compare-count = Choose two to nine pictures to compare them, not { $count }
gallery-copied-image = The picture is on the clipboard
gallery-copied-prompt = The prompt is on the clipboard
gallery-copied-settings = The settings are on the clipboard
gallery-not-copied = { $file } could not be copied: { $reason }
gallery-not-revealed = { $file } could not be opened: { $reason }
