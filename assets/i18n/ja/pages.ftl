## The pages

page-studio = スタジオ
    .tip = 画像を生成し、ノイズが晴れていく様子を見ます
page-gallery = ギャラリー
    .tip = 生成した画像を探し、評価し、整理します
page-compare = 比較
    .tip = 2〜9 枚の画像を並べて比べます
page-models = モデル
    .tip = 手元のモデルの一覧と、追加の入手先です
page-queue = キュー
    .tip = 生成中のものと順番待ちのものです
page-settings = 設定
    .tip = 言語、テーマ、フォルダー、ファイル形式、ショートカット
