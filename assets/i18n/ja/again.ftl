## Made of pictures that are there

again-settings = 同じ設定
    .tip = この画像の設定を、シードも含めてフォームに取り込みます
again-new-seed = 別のシードでもう一枚
    .tip = 同じ設定でもう一枚生成します
again-vary-subtle = 少し変える
    .tip = 細部だけが違う画像を 4 枚生成します
again-vary-strong = 大きく変える
    .tip = 構図も違う画像を 4 枚生成します
again-upscale = 高解像度化
    .tip = 同じ画像を 2 倍のサイズで二度描きし、細部を加えます
again-enlarge = 拡大モデルで拡大…
    .tip = ESRGAN 系のモデルで画素を拡大します。モデルのファイルは最初に一度だけ選びます
again-four = 4 枚から選ぶ
    .tip = シードを 1 ずつ変えた 4 枚を並べて生成します
again-busy = 別のグリッドを生成中です。止めるか、終わるまでお待ちください
dialog-upscaler = 拡大モデルを選択
sweep-field-variation = バリエーション
again-choose = 一枚選んでください。クリックで開き、下のボタンでさらに展開できます
again-short-subtle = 小さく
again-short-strong = 大きく
again-short-upscale = 拡大
