## ギャラリー

gallery-today = 今日
gallery-yesterday = 昨日
gallery-date = { $year }年{ $month }月{ $day }日（{ $weekday }）
gallery-moment = { $date } { $time }
gallery-month = { $name ->
    [jan] 1
    [feb] 2
    [mar] 3
    [apr] 4
    [may] 5
    [jun] 6
    [jul] 7
    [aug] 8
    [sep] 9
    [oct] 10
    [nov] 11
   *[dec] 12
}
gallery-weekday = { $name ->
    [mon] 月
    [tue] 火
    [wed] 水
    [thu] 木
    [fri] 金
    [sat] 土
   *[sun] 日
}
gallery-picture = 画像 { $number }

## 一覧

gallery-all = すべての画像
    .tip = ギャラリーと追加したフォルダーの画像をすべて表示します
gallery-favourites = お気に入り
gallery-collections = コレクション
    .tip = まとめておきたい画像に、好きな名前を付けたものです
gallery-no-collections = まだありません。画像を選び、右側で名前を付けてください
gallery-tags = タグ
    .tip = 自由に付けられる言葉です。選んだ画像には T キーで付けられます
gallery-no-tags = まだありません。画像を選んで T キーを押してください
gallery-folders = フォルダー
    .tip = ほかのソフトの出力先など、一緒に表示するフォルダーです。中のファイルには一切書き込みません
gallery-row-tip = { $search } を検索します
gallery-add-folder = フォルダーを追加…
    .tip = 別のフォルダーの画像もここに表示します。中のファイルには一切書き込みません
gallery-choose-folder = 画像のフォルダー
gallery-unwatch = { $folder } の表示をやめる
    .tip = この一覧から外すだけで、ファイルはそのまま残ります
gallery-away = 見つかりません
gallery-open-folder = クリックするとファイルマネージャーで開きます
gallery-rescan = すべてのファイルを読み直す
    .tip = ギャラリーのファイルをはじめから読み直します

## 上の行

gallery-search = 検索
    .tip = プロンプトの言葉、設定、評価などで探します。書き方は F1 で確認できます
gallery-search-hint = プロンプトの言葉、model:、rating>=4 など
gallery-find = ギャラリーを検索
    .tip = 検索欄にカーソルを移します
gallery-clear = 検索を消去
    .tip = すべての画像の表示に戻します
gallery-explain = 検索の書き方
    .tip = 検索欄で使える書き方を説明します
gallery-order = 並び順
    .tip = どの画像を先に表示するかを選びます
gallery-order-newest = 新しい順
gallery-order-oldest = 古い順
gallery-order-rating = 評価の高い順
gallery-size = 画像の大きさ
    .tip = 一覧の画像を大きく、または小さく表示します
gallery-details = 詳細
    .tip = 選んだ画像の情報を表示、または非表示にします
gallery-syntax = 検索欄で使える書き方
gallery-syntax-try = クリックすると試せます
gallery-syntax-words = 両方の言葉を含むプロンプト。最後の言葉は途中まででもかまいません
gallery-syntax-phrase = この順に並んだ言葉
gallery-syntax-names = 名前の一部で探します
gallery-syntax-marks = 自分で付けた言葉や、生成に使ったソフトで探します
gallery-syntax-rating = 評価、お気に入り、ステップが保存されているかどうか
gallery-syntax-exact = シードやサイズが一致するもの
gallery-syntax-numbers = <、>、<=、>= による数の比較
gallery-syntax-dates = 日、月、年で探します
gallery-syntax-not = 当てはまらないもの

## 下の行

gallery-count = { $number ->
   *[other] { $total } 枚
}
gallery-count-found = { $number ->
   *[other] { $total } 枚中 { $found } 枚
}
gallery-chosen = { $count } 枚を選択中
gallery-scanning = ファイルを確認中: { $done }
    .tip = 新しいファイルと変更されたファイルを読み込んでいます。終わるまで、検索結果に漏れがあるかもしれません
gallery-scanning-of = ファイルを確認中: { $done } / { $total }
gallery-unreadable = { $number ->
   *[other] 読めないファイルが { $count } 個あります
}
    .tip = 画像の名前が付いていますが、画像ではないか、壊れています。hareru gallery verify で一覧を確認できます

## 画像がないとき

gallery-none-yet = ギャラリーを開いています…
    .tip = 少々お待ちください
gallery-none-scanned = 画像を探しています…
    .tip = 見つかったものから表示されます
gallery-none-made = 画像はまだありません
    .tip = スタジオで生成した画像がここに並びます。手元にある画像のフォルダーを追加することもできます。
gallery-none-found = 一致する画像はありません
    .tip = 言葉を減らすか、言葉の最初の部分だけで試してください
gallery-none-understood = 検索の書き方が正しくないようです
    .tip = 問題のある部分には、検索欄で下線が付いています

## できること

gallery-go-left = 前の画像
    .tip = 前の画像に移ります
gallery-go-right = 次の画像
    .tip = 次の画像に移ります
gallery-go-up = 上の行
    .tip = 上の行に移ります
gallery-go-down = 下の行
    .tip = 下の行に移ります
gallery-go-page-up = 1 画面上
    .tip = 1 画面分だけ上に移ります
gallery-go-page-down = 1 画面下
    .tip = 1 画面分だけ下に移ります
gallery-go-first = 最初の画像
    .tip = 最初の画像に移ります
gallery-go-last = 最後の画像
    .tip = 最後の画像に移ります
gallery-extend-left = 左へ選択を広げる
    .tip = 前の画像も選択します
gallery-extend-right = 右へ選択を広げる
    .tip = 次の画像も選択します
gallery-extend-up = 上へ選択を広げる
    .tip = 上の行まで選択します
gallery-extend-down = 下へ選択を広げる
    .tip = 下の行まで選択します
gallery-extend-page-up = 1 画面上まで選択
    .tip = 1 画面分上まで選択します
gallery-extend-page-down = 1 画面下まで選択
    .tip = 1 画面分下まで選択します
gallery-extend-first = 最初まで選択
    .tip = 最初の画像までをすべて選択します
gallery-extend-last = 最後まで選択
    .tip = 最後の画像までをすべて選択します
gallery-choose-all = すべて選択
    .tip = 見つかった画像をすべて選択します
gallery-open = スタジオで開く
    .tip = 画像をスタジオに表示します。保存されていればステップも開きます
gallery-look = クイックルック
    .tip = 画像をウィンドウいっぱいに表示します。矢印キーで次へ進めます
gallery-rate = 評価
    .tip = 1〜5 キーで評価し、0 キーで取り消します
gallery-rate-0 = 評価なし
    .tip = 評価を取り消します
gallery-rate-1 = 星 1 つ
    .tip = 選んだ画像を評価します
gallery-rate-2 = 星 2 つ
    .tip = 選んだ画像を評価します
gallery-rate-3 = 星 3 つ
    .tip = 選んだ画像を評価します
gallery-rate-4 = 星 4 つ
    .tip = 選んだ画像を評価します
gallery-rate-5 = 星 5 つ
    .tip = 選んだ画像を評価します
gallery-favourite = お気に入り
    .tip = 選んだ画像をお気に入りに入れる、または外します
gallery-edit-tags = タグを付ける…
    .tip = 選んだ画像に自由な言葉を付けます
gallery-trash = ごみ箱へ移動
    .tip = 選んだ画像を、ステップや評価ごとシステムのごみ箱に移します
gallery-undo-trash = 元に戻す
    .tip = 最後にごみ箱へ移したものを元に戻します
gallery-compare = 比較
    .tip = 選んだ 2〜9 枚の画像を並べて比べます
gallery-copy-image = 画像をコピー
    .tip = 画像をクリップボードにコピーします
gallery-copy-prompt = プロンプトをコピー
    .tip = プロンプトをクリップボードにコピーします
gallery-copy-settings = 設定をコピー
    .tip = プロンプトと設定を、A1111 などで読み込める形でコピーします
gallery-copy = コピー
gallery-reveal = フォルダーを開く
    .tip = 画像のあるフォルダーをファイルマネージャーで開きます

## 詳細

gallery-details-none = 画像を選ぶと、どのように作られたかを確認できます
gallery-prompt = プロンプト
gallery-negative = ネガティブプロンプト
gallery-no-record = このファイルには生成時の情報がありません
gallery-model = モデル
gallery-sampler = サンプラー
gallery-steps = ステップ数
gallery-guidance = ガイダンス強度
gallery-seed = シード
gallery-loras = LoRA
gallery-run = ステップ
gallery-run-kept = 保存済み（開いて展開）
gallery-source = 作成ソフト
gallery-new-tag = 新しいタグ
    .tip = 言葉を入力して Enter を押します。Tab で先頭の候補を選べます
gallery-new-tag-hint = タグを追加
gallery-untag = タグ { $name } を外す
    .tip = 選んだ画像からこのタグを外します
gallery-new-collection = 新しいコレクション
    .tip = 名前を入力して Enter を押します。最初の画像を入れるとコレクションができます
gallery-new-collection-hint = コレクションに追加
gallery-uncollect = { $name } から外す
    .tip = 選んだ画像をこのコレクションから外します
gallery-look-close = クイックルックを閉じる
gallery-look-place = { $file } · { $index } / { $count }
gallery-look-keys = ← → で移動 · Space で閉じる

## 起きたこと

gallery-trashed = { $count } 枚の画像をごみ箱に移しました
gallery-restored = { $count } 枚の画像を元に戻しました
gallery-folder-lost = { $folder } が見つかりません。つなぎ直すと画像も戻ります
gallery-folder-found = { $folder } が再び使えるようになりました
gallery-failed = ギャラリーの処理ができませんでした: { $reason }
gallery-too-slow = { $count ->
    [1] { $file } の読み込みに時間がかかりすぎるため、ファイルが変わるまでギャラリーに表示しません
   *[other] { $file } など { $count } 個のファイルは読み込みに時間がかかりすぎるため、ファイルが変わるまでギャラリーに表示しません
}
gallery-compare-count = 比較するには 2〜9 枚を選んでください（選択中: { $count } 枚）
gallery-copied-image = 画像をコピーしました
gallery-copied-prompt = プロンプトをコピーしました
gallery-copied-settings = 設定をコピーしました
gallery-not-copied = { $file } をコピーできませんでした: { $reason }
gallery-not-revealed = { $file } を開けませんでした: { $reason }
