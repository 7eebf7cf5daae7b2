## The pages

page-studio = Studio
    .tip = Makes pictures and lets you watch them clear
page-gallery = Gallery
    .tip = Finds, rates and sorts what was made
page-compare = Compare
    .tip = Holds two to nine pictures against each other
page-models = Models
    .tip = What is installed, and where more comes from
page-queue = Queue
    .tip = What is being made and what waits
page-settings = Settings
    .tip = Language, theme, folders, files, keys
