# 画像の取り込み。落とした画像や貼り付けた画像が何になるか、フォームでの設定、マスク。

## 画像の使いみち

bring-title = { $file } をどう使いますか
bring-title-nothing = 画像を落とすと使いみちを選べます。モデルのフォルダーならそのモデルを使います
bring-reading = 画像を読み込んでいます…
bring-unreadable = 読み込めません：{ $reason }
bring-dialog = 画像を取り込む
bring-choose = 取り込む…
    .tip = 画風を変える、元にする、沿って描く、描き足すための画像を選びます。画面に落としても貼り付けても同じです
bring-paste = 貼り付け
    .tip = クリップボードの画像、またはそこにあるパスやアドレスの画像を取り込みます（Ctrl+V）
bring-offer-shown = 取り込む…
    .tip = この画像の使いみちを選びます。画風を変える、元にする、描き足すなど
bring-leave = やめる
    .tip = 何も取り込みません
bring-elsewhere = 比較で見る
    .tip = 枠の外でも同じ。Esc で取りやめ
bring-nothing-pasted = クリップボードに画像も画像のアドレスもありません
bring-not-pasted = 貼り付けたものを使えませんでした：{ $reason }

bring-restyle = 画風を変える
    .tip = サンプラーの道筋を逆にたどって画像をノイズに戻し（反転）、プロンプトに従ってノイズ除去し直します
bring-restyle-hint = { $steps } ステップ中 { $depth } まで反転し、プロンプトで描き直します。形は残り、見た目が変わります
bring-start = ここから始める
    .tip = 画像に新しいノイズを加え、それを除去します（image to image）
bring-start-hint = 新しいノイズ（強さ { $strength }）をかけて除去します。おおまかな構図が残ります
bring-style = 画風を借りる
    .tip = 描き方の手本として画像をプロンプトにします（IP-Adapter）
bring-style-hint = プロンプトの内容をこの画像の画風で描きます（{ $adapter }）
bring-content = 内容を借りる
    .tip = 何がどこにあるかの手本として画像をプロンプトにします（IP-Adapter）
bring-content-hint = この画像に写るものを、プロンプトの描き方で描きます（{ $adapter }）
bring-all = 画像をプロンプトに
    .tip = 画像の全体をプロンプトにします（IP-Adapter）
bring-outlines = 輪郭をなぞる
    .tip = 新しい画像がこの画像の線に沿います（ControlNet）
bring-outlines-hint = この画像の線に沿ってプロンプトの内容を描きます（{ $adapter }）
bring-paint = 描き込む
    .tip = 指定した所だけを描き直すか、画像の外側へ描き広げます
bring-paint-hint = ブラシで塗った所、または指定した辺の外側だけにプロンプトの内容を描きます
bring-settings = 設定を読む
    .tip = この画像を作ったときの設定をフォームに入れます
bring-settings-hint = 「{ $prompt }」 · { $steps } ステップ · シード { $seed }
bring-settings-hint-some = 「{ $prompt }」 · 書かれていない設定は、フォームの値のままです

bring-enlarges-only = このモデルは画像を { $factor } 倍にすることしかできません
bring-model-takes-none = このモデルは画像を受け取りません
bring-no-reference-adapter = IP-Adapter が必要です。モデルのフォルダーに入れてください
bring-no-control = ControlNet か T2I-Adapter が必要です。モデルのフォルダーに入れてください
bring-no-settings = 設定が入っていません

## フォームの中

bring-remove = 外す：{ $name }
    .tip = 次の画像では使いません
bring-shows = 画像の内容
    .tip = 元の画像に写っているものを書きます。反転はこれに従い、正確なほど形がよく保たれます
bring-shows-hint = 画像に写っているもの（空でもよい）
bring-depth = 深さ
    .tip = 画像を何ステップ分ノイズに戻すか。0 なら元のまま、最大ではほとんど何も残りません
bring-depth-picture = { $name }：画像からノイズまで
bring-depth-none = 元の画像
bring-depth-all = すべてノイズ
bring-strength = 強さ
    .tip = 実行するステップの割合。0 なら元のまま、1 ならノイズだけから始めます
bring-resemblance = 似せる強さ
    .tip = 元の画像をどれだけ残すか。ガイダンス強度と同じように働きます
bring-outpaint = 外側へ描く
    .tip = 左・上・右・下に、この画素数だけ描き広げます
bring-left = 左の画素数
bring-top = 上の画素数
bring-right = 右の画素数
bring-bottom = 下の画素数
bring-handle = { $side }：ドラッグで外側へ描き広げる
bring-network = ネットワーク
    .tip = 画像に沿わせる ControlNet または T2I-Adapter
bring-preprocessor = 前処理
    .tip = 画像から先に何を取り出すか。ネットワークの学習時と同じものを選びます
bring-preprocessor-none = そのまま
bring-adapter = アダプター
    .tip = 画像を読み取る IP-Adapter
bring-part = 使う部分
    .tip = 画像のどの面を手本にするか
bring-part-style = 画風
bring-part-content = 内容
bring-part-all = 全体
bring-weight = 重み
    .tip = 効き目の強さ。1 で学習したとおり
bring-from = 開始
    .tip = 過程のどこから効き始めるか
bring-to = 終了
    .tip = 過程のどこまで効くか

bring-preview = プレビュー
bring-preview-working = { $steps } ステップで試しています…
bring-preview-done = { $steps } ステップの試し描き。生成ではすべてのステップを使います
bring-close-preview = プレビューを閉じる
    .tip = 前に表示していたものに戻します

## マスク

mask-canvas = マスクの編集
mask-edit = マスクを塗る
    .tip = 描き直す所をブラシで塗ります。もう一度押すと閉じます
mask-eraser = 消しゴム
    .tip = マスクに加えるかわりに取り除きます
mask-undo = 元に戻す
    .tip = 最後のひと塗りを取り消します
mask-redo = やり直す
    .tip = 取り消したことをもう一度行います
mask-fill = 全体
    .tip = 画像の全体を描き直す所にします
mask-clear = 消去
    .tip = 描き直す所をなくします
mask-invert = 反転
    .tip = 塗った所と塗っていない所を入れ替えます
mask-feather = ぼかす
    .tip = マスクの縁をやわらかくします
mask-smaller = ブラシを小さく
    .tip = ブラシを小さくします
mask-larger = ブラシを大きく
    .tip = ブラシを大きくします
mask-size = 大きさ
    .tip = ブラシの直径（画像の画素）。[ と ] のキーでも変えられます
mask-hardness = 硬さ
    .tip = ブラシのうち完全に塗られる部分の割合。残りは外へ薄れます
mask-blank = まだ塗られていません
mask-there = 塗って保存しました
mask-blur = 縁のなじみ
    .tip = この画素数にわたって、描いたものを元の画像になじませます
mask-soft = 薄い所は少しだけ
    .tip = マスクの薄い所を、半分を境に分けるのではなく、ステップごとに少しずつ変えます
mask-only = マスクの所だけ
    .tip = その部分を周りとともに全体の大きさで描き、元に戻します。細部が精細になります
mask-padding = 周りの範囲
    .tip = マスクの周りのこの画素数を見ながら描きます
mask-nowhere = 描く所をブラシで塗るか、外側へ広げる量を指定してください
mask-unreadable = マスクを読み込めませんでした：{ $reason }
mask-not-saved = マスクを保存できませんでした：{ $reason }

## 設定が指すほかの場所

named-model = この設定は { $path } のモデルを指していますが、登録されたフォルダーの外なので開いていません。
named-vae = この設定は { $path } の VAE を指していますが、登録されたフォルダーの外なので開いていません。
named-lora = この設定は { $path } の LoRA を指していますが、登録されたフォルダーの外なので開いていません。
named-embedding = この設定は { $path } の埋め込みを指していますが、登録されたフォルダーの外なので開いていません。
named-adapter = この設定は { $path } のアダプターを指していますが、登録されたフォルダーの外なので開いていません。
named-upscaler = この設定は { $path } の拡大モデルを指していますが、登録されたフォルダーの外なので開いていません。
named-picture = この設定は { $path } の画像を指していますが、登録されたフォルダーの外なので開いていません。
named-mask = この設定は { $path } のマスクを指していますが、登録されたフォルダーの外なので開いていません。
named-find = 手持ちのモデルから探す
    .tip = どのフォルダーにあっても、同じ名前のモデルを使います
named-choose = 選ぶ…
    .tip = 代わりに使うファイルを選びます
named-open = その場所で開く
    .tip = 設定が指す場所のファイルを開きます。設定の出どころを信頼できるときだけにしてください
named-not-found = 手持ちのモデルに { $file } という名前のものはありません
named-dialog = 使うファイルを選ぶ
problem-named-file = 設定が登録フォルダーの外のファイルを指しています：{ $path }。フォームの上で、何を使うか選んでください
