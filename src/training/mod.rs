//! Training inside the program. To come; the starter model's recipe is in `assets/starter/recipe`.
