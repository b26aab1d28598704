"""The 800 most frequent words of three to nine letters in Jane Austen's six novels (public domain), in alphabetical order."""

TEXT = """
able about above absence account act actually added address advantage affection afraid after again against age agitation ago agreeable
agreed air alarm all allow allowed almost alone already also always amiable among amusement and angry another answer answered anxiety
anxious any anybody anything appear appeared are arrival arrived ashamed ask asked assure assured attached attempt attended attention
aunt avoid aware away back bad ball bear beautiful beauty became because bed been before began begin beginning behaviour behind being
believe believed besides best better between beyond body book both breakfast bring brother brought business but call called calling came
can cannot capable care carriage case caught cause certain certainly chance change character charming cheerful child children choice
civility close cold come comes comfort coming command common companion company concern concerned conduct consider continued convinced
cottage could country course cousin cousins creature credit cried curiosity dance dancing danger dare daughter daughters day days deal
dear dearest decided degree delay delight delighted depend desire did different dinner directly disposed distance distress does doing
done door doubt down drawing dreadful due during duty each eager early ease easily easy effect either eldest else end engaged enjoyment
enough entered entirely equal equally even evening event ever every everybody evil exactly excellent except excuse expect expected
express expressed extremely eye eyes face fact fair family fancy far farther father favour favourite fear feel feeling feelings felt few
find finding fine fire first five fixed followed following folly fond for forced forget forgotten form formed former fortnight fortune
forward found four friend friends from full future gave general generally gentleman gentlemen get getting girl girls give given giving
glad going gone good got gratitude great greater greatest had half hand hands handsome happened happiness happy hardly has have having
head health hear heard hearing heart help her here hers herself high highly him himself his home honour hope hoped hopes horse horses
hour hours house how however humour hurry husband idea ill imagine immediate important income increased indeed influence instantly
instead intended interest intimacy into its itself join joined journey joy judge judgment just justice keep kept kind kindness knew know
knowing knowledge known knows ladies lady large last late lately latter law least leave leaving led left leisure length less let letter
letters life light like liked likely listen listened little live lived lively living long longer look looked looking looks loss lost
love loved low made make making man manner manners many marriage married marry marrying match matter may mean meaning means meant meet
meeting men mention mentioned merely met might miles mind mine minutes misery mistaken moment money months more morning morrow most
mother much must myself name natural nature near nearly necessary necessity need neither never new news next niece night nobody none nor
not note nothing notice now object obliged observed occasion occurred odd off offer often old once one only open opened opinion other
others otherwise ought our out over own pain part parties party pass passed past pause pay people perfect perfectly perhaps period
person persuade persuaded pity place plan play pleasant please pleased pleasing pleasure point poor possible pounds power praise present
pretty prevent prevented pride probably produced promise promised proof proper proved purpose put quarter question quick quiet quite
rather reached read reading ready real really reason receive received receiving regard regret remained remember repeated replied reply
required resolved respect rest return returned returning rich right room rooms round safe said sake same sat satisfied saw say saying
says scarcely scheme second secret see seeing seem seemed seems seen self send sense sensible sent serious servant service set settled
shall share she short should side sight silence silent since sir sister sisters sit sitting situation six small smallest smile smiling
society some something sometimes son soon sorry sort speak speaking speech spent spirit spirits spite spoke spoken stand standing state
stay staying still stood strange strong struck style subject such sudden suffered suffering superior suppose supposed sure surprise
surprised sweet table take taken taking talk talked talking taste tea tears tell temper ten terms than that the their them then there
therefore these they thing things think thinking this those though thought thoughts thousand three through thus till time times together
told tone too took towards town tried trouble true truth try trying turn turned turning twenty two uncle under unhappy upon use used
useful usual vain value vanity very view visit voice wait waiting walk walked walking want wanted wanting warm was way weather week
weeks welcome well went were what whatever when whenever where whether which while who whole whom whose why wife will window wish wished
wishes wishing with within without woman women wonder word words work world worse worth would write writing written wrong wrote year
years yes yesterday yet you young your yourself
"""
WORDS = TEXT.split()
